"""Markdown of a chat as HTML: what is made of it, and that nothing else ever is."""

import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given

from hub.markup import (
    author_line,
    note_fingerprints,
    plain_text,
    text_of_html,
    to_html,
    without_author_line,
)
from hub.tickets import Note, fingerprint
from tests.integrations.typed_texts import LONG_TEXT, typed_texts

MADE_TAGS = frozenset(
    {"a", "blockquote", "br", "code", "em", "hr", "li", "ol", "p", "pre", "s", "strong", "ul"}
    | {"h1", "h2", "h3", "h4", "h5", "h6", "table", "tbody", "td", "th", "thead", "tr"}
)
MADE_ATTRIBUTES = frozenset({"href", "title", "class", "start", "style"})


class Tags(HTMLParser):
    """Every tag, attribute and address of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.addresses: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _value in attrs}
        self.addresses += [str(value) for name, value in attrs if name == "href"]


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a\nb", "<p>a<br />\nb</p>"),
        ("**b** _i_ ~~s~~", "<p><strong>b</strong> <em>i</em> <s>s</s></p>"),
        ("`a<b`", "<p><code>a&lt;b</code></p>"),
        ("<b>x</b>", "<p>&lt;b&gt;x&lt;/b&gt;</p>"),
        ("&amp; &copy;", "<p>&amp;amp; &amp;copy;</p>"),
        ("node.js a@b.example", "<p>node.js a@b.example</p>"),
        ("@all ~town :tada: #23", "<p>@all ~town :tada: #23</p>"),
        ("[x](javascript:y)", "<p>[x](javascript:y)</p>"),
        ("[x](data:text/html,y)", "<p>[x](data:text/html,y)</p>"),
        ("[x]: http//y", "<p>[x]: http//y</p>"),
        ("![p](https://x.test/p.png)", '<p><a href="https://x.test/p.png">p</a></p>'),
        ("![](https://x.test/p)", '<p><a href="https://x.test/p">https://x.test/p</a></p>'),
        ("nul \x00 and \ud800", "<p>nul � and �</p>"),
    ],
)
def test_markdown_becomes_html_as_mattermost_reads_it(text: str, html: str) -> None:
    assert to_html(text) == html


@given(typed_texts())
def test_nothing_but_plain_tags_is_ever_made(text: str) -> None:
    page = Tags(to_html(text))

    assert page.tags <= MADE_TAGS
    assert page.attributes <= MADE_ATTRIBUTES
    assert [one for one in page.addresses if not re.match("(?i)https?:|mailto:", one)] == []


@given(typed_texts())
def test_what_is_read_back_has_the_fingerprint_of_what_was_typed(text: str) -> None:
    assert fingerprint(text_of_html(to_html(text))) == fingerprint(plain_text(text))


@given(typed_texts())
def test_no_letter_outside_of_markup_is_lost(text: str) -> None:
    words = re.sub(r"[^A-Za-z ]", " ", text).split()

    shown = to_html(text)

    assert [word for word in words if word not in shown and word != "amp"] == []


def test_what_is_nested_too_deep_is_shown_as_typed() -> None:
    assert to_html("> " * 100 + "deep") == f"<pre><code>{'&gt; ' * 100}deep</code></pre>"


@pytest.mark.parametrize("piece", ["[", "**a", LONG_TEXT])
def test_a_hundred_thousand_characters_take_seconds_at_most(piece: str) -> None:
    text = (piece * 100_000)[:100_000]
    started_at = time.process_time()

    to_html(text)

    assert time.process_time() - started_at < 15


def test_the_author_is_named_on_a_line_and_taken_off_again() -> None:
    line = author_line("Anja\n de   Boer")

    assert line == "Anja de Boer via Mattermost:"
    assert without_author_line(f"{line}\n\nI am on it") == "I am on it"
    assert (
        without_author_line("I wrote via Mattermost: yes\nno") == "I wrote via Mattermost: yes\nno"
    )


def test_a_note_is_known_with_and_without_its_author() -> None:
    note = Note("**on** it", "Anja", "anja")

    alone, named = fingerprint("on it"), fingerprint("Anja via Mattermost: on it")

    assert note_fingerprints(note) == {alone, named}


def test_what_stands_where_a_language_should_is_kept() -> None:
    assert "onmouseover" in plain_text("```<b onmouseover=x>\ncode\n```")
