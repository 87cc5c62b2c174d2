"""Markdown of a chat as Redmine shows it: what was typed is never more than text."""

import re
import time
from html import unescape

import pytest
from hypothesis import given

from hub.contracts import SourceView
from integrations.redmine.markup import note_body, note_plain, safe_markdown
from integrations.redmine.textile import to_textile
from tests.integrations.typed_texts import typed_texts

PLAIN = SourceView("Redmine")
TEXTILE = SourceView("Redmine", options={"markup": "textile"})


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("**b** _i_ [k](https://x.test)", "**b** _i_ [k](https://x.test)"),
        ("<script>x</script> 1 < 2", r"\<script>x\</script> 1 < 2"),
        (r"\<b> \\<b>", r"\<b> \\\<b>"),
        ("`<b>` and ``a`<b>``", "`<b>` and ``a`<b>``"),
        ("```\n<b> {{toc}}\n```\n<b>", "```\n<b> {{toc}}\n```\n\\<b>"),
        ("<https://x.example.test>", "<https://x.example.test>"),
        ("{{toc}} {{ x }}", "!{{toc}} {{ x }}"),
        ("#23 and @anja", "#23 and @anja"),
    ],
)
def test_markdown_is_kept_and_made_harmless(text: str, markdown: str) -> None:
    assert safe_markdown(text) == markdown


@pytest.mark.parametrize(
    ("text", "textile"),
    [
        ("# One\ntwo", "h1. One\n\ntwo"),
        ("**b** _i_ ~~s~~ `c`", "*b* _i_ -s- @c@"),
        ("`a@b`", "<code>a@b</code>"),
        ("[k](https://x.test/?a=b)", '"k":https://x.test/?a=b'),
        (
            "[k](https://x.test/)s, [l](https://y.test).",
            '"k":https://x.test/ s, "l":https://y.test.',
        ),
        ("https://x.test/", "https://x.test/"),
        ("![p](https://x.test/p.png)", '"p":https://x.test/p.png'),
        ("- a\n- b\n  1. c", "* a \n* b \n*# c"),
        ("> a\n> b", "> a\n> b"),
        ("> > a\n\nb", "> > a\n\nb"),
        (">", ""),
        ("```\n</pre>\n```", "<pre>\n<\u200b/pre>\n</pre>"),
        ("|a|b|\n|-|-|\n|1|2|", "|_. a |_. b |\n| 1 | 2 |"),
        ("---", "---"),
        ("a\nb", "a\nb"),
        ("5 * 3 * 2 and snake_case_name", "5 * 3 * 2 and snake_case_name"),
        ("!img! <b> [[Wiki]] {{toc}}", "&#33;img! &#60;b&#62; &#91;[Wiki]] &#123;{toc}}"),
        ("h1. no\nbq.:x no", "h1&#46; no\nbq&#46;:x no"),
        ("&lt;", "&#38;lt;"),
    ],
)
def test_markdown_becomes_textile(text: str, textile: str) -> None:
    assert to_textile(text).strip() == textile.strip()


@pytest.mark.parametrize("source", [PLAIN, TEXTILE], ids=["markdown", "textile"])
def test_a_bare_number_links_only_where_it_means_this_redmine(source: SourceView) -> None:
    other = SourceView("Redmine", options={**source.options, "prefix": "crm"})

    assert note_body(source, "#23, ZD#74001") == "#23, ZD#74001"
    assert note_body(other, "#23, ZD#74001") == "!#23, ZD#74001"


@pytest.mark.parametrize(
    ("source", "line"),
    [(PLAIN, r"J\_de\_B \<x\> via Mattermost:"), (TEXTILE, "J_de_B &#60;x&#62; via Mattermost:")],
    ids=["markdown", "textile"],
)
def test_a_name_is_no_markup(source: SourceView, line: str) -> None:
    assert note_body(source, "hi", "J_de_B <x>") == f"{line}\n\nhi"


@given(typed_texts())
def test_textile_has_no_tag_but_those_of_code(text: str) -> None:
    textile = to_textile(text)

    without_code = re.sub(
        r"<pre>.*?</pre>|<code>.*?</code>|@[^@\n]*@", "", textile, flags=re.DOTALL
    )
    assert "<" not in without_code


@given(typed_texts())
def test_the_author_is_taken_off_when_read(text: str) -> None:
    body = note_body(TEXTILE, text, "Anja Klein")

    assert not note_plain(TEXTILE, body).startswith("Anja Klein via Mattermost")
    assert unescape(body).startswith("Anja Klein via Mattermost:")


@pytest.mark.parametrize("piece", ["` `` ", "<", "!a", "**a"])
def test_a_hundred_thousand_characters_take_seconds_at_most(piece: str) -> None:
    text = (piece * 100_000)[:100_000]
    started_at = time.process_time()

    to_textile(text)
    safe_markdown(text)

    assert time.process_time() - started_at < 15
