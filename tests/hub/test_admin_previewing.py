"""The preview of a message: what Mattermost shows, and nothing that a browser would run."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.contracts import JSONObject, Message
from hub.previewing import document_html, message_html, stored_message_html, text_html

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "![x](https://tracker.example.test/pixel.png)",
    '[x](https://example.test "onmouseover=alert(1)")',
    "[x](https://example.test/'onmouseover='alert(1))",
    "<a href='javascript:alert(1)'>x</a>",
    "@<b>anja</b> ~<i>support</i> :<u>x</u>:",
    "`</code><script>alert(1)</script>`",
    '```"><script>\nalert(1)\n```',
    "<javascript:alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
]
TAG = re.compile(r"<(/?)([a-z0-9]+)([^>]*)>")
ALLOWED_TAGS = re.compile(
    "a|blockquote|br|code|dd|del|details|div|dl|dt|em|h[1-6]|hr|li|ol|p|pre|s|span|strong|summary"
    "|table|tbody|td|th|thead|tr|ul"
)
ALLOWED_ATTRIBUTE = re.compile(
    r'\s*(class="[\w -]+"|href="(https?|mailto):[^"]*"|target="_blank"|title="[^"]*"'
    r'|rel="noopener noreferrer nofollow"|style="border-left-color: #[0-9a-f]{3,6}")'
)


def unsafe_tags(html: str) -> list[str]:
    """Everything in `html` that is not one of our tags with our attributes."""
    return [
        found[0]
        for found in TAG.finditer(html)
        if not ALLOWED_TAGS.fullmatch(found[2]) or ALLOWED_ATTRIBUTE.sub("", found[3]).strip()
    ]


def hostile_card(text: str) -> JSONObject:
    return {
        "color": text,
        "pretext": text,
        "author_name": text,
        "title": text,
        "title_link": text,
        "text": text,
        "fields": [{"title": text, "value": text, "short": text}, text],
        "image_url": text,
        "footer": text,
        "actions": [{"name": text, "style": text}, text],
    }


@pytest.mark.parametrize("text", HOSTILE)
def test_no_part_of_a_message_reaches_the_page_as_code(text: str) -> None:
    message = Message(text, (hostile_card(text),), text, text, text, text, text)

    html = message_html(message)

    assert unsafe_tags(html) == []


@given(st.text(alphabet="<>&\"'()[]`*_~:@#!/\\\n\t -=ajscript", max_size=80))
def test_no_text_at_all_does(text: str) -> None:
    html = message_html(Message(text, (hostile_card(text),)))

    assert unsafe_tags(html) == []


def test_a_picture_is_named_and_not_loaded() -> None:
    html = text_html("![the chart](https://tracker.example.test/pixel.png)")

    assert '<span class="hub-image">the chart</span>' in html
    assert "tracker" not in html


def test_a_line_end_is_a_new_line_as_in_mattermost() -> None:
    assert "first<br>\nsecond" in text_html("first\nsecond")


def test_mentions_channels_and_emoji_stand_out() -> None:
    html = text_html("@here ~support :rocket: :our_own:")

    assert '<span class="hub-mention">@here</span>' in html
    assert '<span class="hub-channel">~support</span>' in html
    assert '<span class="hub-emoji">🚀</span>' in html
    assert '<span class="hub-emoji">:our_own:</span>' in html


def test_a_broken_mention_is_not_shown_as_one() -> None:
    assert "hub-mention" not in text_html("@\u200bhere and anja@klant.example.test")


def test_a_card_has_its_colour_its_fields_and_its_buttons() -> None:
    card: JSONObject = {
        "color": "#d24b4e",
        "title": "Urgent ticket",
        "title_link": "https://zammad.example.test/4711",
        "fields": [{"title": "Priority", "value": "3 high", "short": True}],
        "actions": [{"name": "Approve", "style": "primary"}],
    }

    html = message_html(Message(attachments=(card,)))

    assert 'style="border-left-color: #d24b4e"' in html
    assert '<a href="https://zammad.example.test/4711"' in html
    assert "<dt>Priority</dt><dd><p>3 high</p>" in html
    assert '<span class="hub-button hub-button-primary">Approve</span>' in html


def test_a_title_keeps_its_words_where_its_address_is_none() -> None:
    card: JSONObject = {"title": "Urgent", "title_link": "javascript:alert(1)"}

    assert '<div class="hub-title">Urgent</div>' in message_html(Message(attachments=(card,)))


def test_the_priority_is_shown_above_the_text() -> None:
    assert message_html(Message("Down", priority="urgent")).startswith(
        '<span class="hub-priority hub-urgent">Urgent</span>'
    )


def test_a_text_longer_than_a_post_is_cut() -> None:
    assert len(text_html("word " * 10_000)) < 20_000


def test_a_stored_reaction_is_its_emoji() -> None:
    assert "✅" in stored_message_html({"reaction": "white_check_mark"})


def test_a_stored_message_of_an_unknown_shape_is_no_error() -> None:
    html = stored_message_html({"text": 7, "attachments": {"x": 1}, "card": None})

    assert html == '<div class="hub-text"><p>7</p>\n</div>'


def test_a_readme_keeps_its_paragraphs() -> None:
    assert document_html("one\ntwo") == "<p>one\ntwo</p>\n"
