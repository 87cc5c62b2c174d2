"""Text from outside mentions nobody and formats nothing; long text is cut where it may be."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hub.markdown import (
    Markdown,
    break_mentions,
    code,
    escape,
    fence,
    link,
    quote,
    shorten,
    split_text,
)
from tests.hub.mention_model import formatting, highlighted, linked, notified

ZWSP = "\u200b"
CHANNEL = {"@channel"}
NOBODY: set[str] = set()

# Tried with Mattermost itself: what is written, whom the server notifies, whom the client shows.
WRITTEN = [
    ("`@channel`", NOBODY, NOBODY),
    ("```\n@channel\n```", NOBODY, NOBODY),
    ("    @channel", NOBODY, NOBODY),
    ("@\u200bchannel", NOBODY, NOBODY),
    ("@\u200dchannel", NOBODY, NOBODY),
    ("@\u2060channel", NOBODY, NOBODY),
    ("@\u00adchannel", NOBODY, NOBODY),
    ("@ channel", NOBODY, NOBODY),
    ("\\@channel", CHANNEL, CHANNEL),
    ("&#64;channel", CHANNEL, NOBODY),
    ("&commat;channel", CHANNEL, NOBODY),
    ("x@channel", NOBODY, NOBODY),
    ("foo@channel.com", NOBODY, NOBODY),
    ("@@channel", NOBODY, CHANNEL),
    ("@chan\u200bnel", {"@chan"}, {"@chan"}),
    ("(@channel)", CHANNEL, CHANNEL),
    ("@channel.", CHANNEL, CHANNEL),
    ("**@channel**", CHANNEL, CHANNEL),
    ("[@channel](u)", CHANNEL, CHANNEL),
    ("> @channel", CHANNEL, CHANNEL),
    ("https://h/@channel", NOBODY, NOBODY),
    ("<!channel>", CHANNEL, CHANNEL),
]
MORE_MENTIONS = [
    "＠channel",
    "<!here> <!all|all> <@u1234567890>",
    "[https://h.example.test/@channel](https://h.example.test)",
    "[see https://h.example.test/&#64;channel",
    "_@channel_ -@here .@all :@here",
    "`unclosed @channel",
    "www.example.test, @channel",
    "&#x40;channel &#0064;here &#65312;all",
    "a\u2424@channel",
]
MENTIONS = "@ ＠ channel here &#64; &commat; <!channel> ~town #tag https://h.t/ www. é a . :"
MARKS = r"* ** _ __ ~~ ` ``` [ ]( ) ! | \ - --- === |-| $ &lt; < > # 1."
SPACES = [" ", "\n", "\n\n", "    ", "\t"]
FRAGMENTS = st.sampled_from([*MENTIONS.split(), *MARKS.split(), *SPACES])
SPLIT_FRAGMENTS = st.sampled_from(["word", "é", "*", " ", "\n", "\n\n", "```\n", "\n~~~\n", "    "])
OUTSIDE_TEXT = st.lists(FRAGMENTS | st.text(max_size=3), max_size=20).map("".join)


@pytest.mark.parametrize(("written", "notifies", "highlights"), WRITTEN)
def test_model_agrees_with_what_was_tried(
    written: str, notifies: set[str], highlights: set[str]
) -> None:
    assert notified(written) == notifies
    assert highlighted(written) == highlights


@pytest.mark.parametrize("written", [row[0] for row in WRITTEN] + MORE_MENTIONS)
def test_escaped_text_mentions_nobody(written: str) -> None:
    escaped = escape(written)

    assert notified(escaped) == NOBODY
    assert highlighted(escaped) == NOBODY


@pytest.mark.parametrize("written", [row[0] for row in WRITTEN] + MORE_MENTIONS)
def test_broken_mentions_mention_nobody(written: str) -> None:
    broken = break_mentions(written)

    assert notified(broken) == NOBODY
    assert highlighted(broken) == NOBODY


def test_the_scheme_of_an_address_is_no_emoji() -> None:
    escaped = escape("see:https://h.t/#tag")

    assert linked(escaped) == NOBODY
    assert "https://h.t/#tag" in escaped


@example(":https://h.t/#tag")
@example(":-https://h.t/#tag")
@example(":a_+-https://h.t/#tag")
@given(OUTSIDE_TEXT)
@settings(max_examples=400, deadline=None)
def test_any_text_is_inert_once_escaped(text: str) -> None:
    escaped = escape(text)

    assert notified(escaped) | highlighted(escaped) | linked(escaped) == NOBODY
    assert formatting(escaped) == set()


@given(OUTSIDE_TEXT, OUTSIDE_TEXT)
@settings(max_examples=200, deadline=None)
def test_texts_put_side_by_side_mention_nobody(first: str, second: str) -> None:
    pasted = escape(first) + escape(second)

    assert notified(pasted) | highlighted(pasted) == NOBODY


@given(OUTSIDE_TEXT)
@settings(max_examples=200, deadline=None)
def test_any_text_mentions_nobody_once_its_mentions_are_broken(text: str) -> None:
    broken = break_mentions(text)

    assert notified(broken) | highlighted(broken) == NOBODY


@pytest.mark.parametrize(
    "text",
    [
        "Server down (2x) - C:\\temp_dir 50%",
        "foo@klant.example.test, root@web01",
        "Fix #23 in C# - don't panic!",
        "2026-11-24 14:32 :rocket: 10:30 a > b && c",
        "https://example.test/a_b?c=1&d=2#e, (https://en.example.test/wiki/Foo_(bar)).",
        "snake_case_name and kebab-case-name cost $5 + $6",
        "-5 degrees",
        "AT&T {x} ^y 'z' \"w\"",
    ],
)
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert escape(text) == text


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("*now* **b** `c`", r"\*now\* \*\*b\*\* \`c\`"),
        ("_i_ __init__ a_b", r"\_i\_ \_\_init\_\_ a_b"),
        ("[x](http://e.test)", r"\[x\](http://e.test)"),
        ("a | b", r"a \| b"),
        ("<b>&lt;", "&lt;b>&amp;lt;"),
        ("~~gone~~", f"\\~\\~{ZWSP}gone\\~\\~{ZWSP}"),
        ("~town-square #support", f"\\~{ZWSP}town-square #{ZWSP}support"),
        ("# h\n> q\n- l\n1. n", "\\# h\n\\> q\n\\- l\n1\\. n"),
        ("a\n---\nb\n===", f"a\n\\---\nb\n{ZWSP}==="),
        ("--- -", r"\--- -"),
        ("x\n    code", "x\ncode"),
        (r"\\server\_x C:\ ", r"\\\server\\\_x C:\\ "),
        ("$x^2$ y", "$x^2&#36; y"),
        ("**https://e.test/p**", r"\*\*https://e.test/p \*\*"),
        ("https://e.test/_next/*?q=[1]", "https://e.test/%5Fnext/%2A?q=%5B1%5D"),
        ("https://good.test@evil.test", "https://good.test%40evil.test"),
        ("gnp.\u202egnp.exe\x00\ud800", "gnp.gnp.exe"),
        ("  a\r\nb\u2028c\u2424d", " a\nb\nc\nd"),
    ],
)
def test_marks_are_made_inert(text: str, escaped: str) -> None:
    assert escape(text) == escaped


def test_markdown_is_not_escaped_twice() -> None:
    once = escape("*a* @here")

    assert escape(once) is once


@pytest.mark.parametrize(
    "text",
    [
        "**bold** _i_ [l](https://e.test/a@b) ![i](https://e.test/i.png)\n| a |\n|---|",
        "<https://e.test|label> &copy; &#39; #tag ~channel `code` foo@klant.example.test",
        "https://registry.test/pkg?x=1&y=2",
    ],
)
def test_markdown_stands_where_only_mentions_are_broken(text: str) -> None:
    assert break_mentions(text) == text


def test_address_with_a_mention_stays_an_address() -> None:
    broken = break_mentions("[docs](https://npm.example.test/@scope/pkg)")

    assert broken == "[docs](https://npm.example.test/%40scope/pkg)"


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("ls -l", "`ls -l`"),
        ("a`b", "``a`b``"),
        ("`a` ``b", "``` `a` ``b ```"),
        ("two\nlines", "`two lines`"),
        ("", ""),
        (" \n ", ""),
        ("@channel", f"`@{ZWSP}channel`"),
    ],
)
def test_code_span_is_longer_than_any_run_inside(text: str, span: str) -> None:
    assert code(text) == span


@given(OUTSIDE_TEXT)
@settings(max_examples=200, deadline=None)
def test_code_span_cannot_be_left(text: str) -> None:
    assert formatting(f"a {code(text)} b") <= {"code_inline"}


@given(OUTSIDE_TEXT)
@settings(max_examples=200, deadline=None)
def test_code_block_cannot_be_left(text: str) -> None:
    assert formatting(fence(text)) <= {"fence"}


def test_fence_is_longer_than_any_run_inside() -> None:
    assert fence("a\n````\n@b") == f"`````\na\n````\n@{ZWSP}b\n`````"


def test_fence_of_nothing_is_nothing() -> None:
    assert fence("\n \n") == ""


def test_quote_holds_every_line() -> None:
    assert quote("*a*\n\n# b\n") == "> \\*a\\*\n>\n> \\# b"


@pytest.mark.parametrize(
    ("label", "url", "shown"),
    [
        ("ZD#1", "https://e.test/#ticket/1", "[ZD#1](https://e.test/#ticket/1)"),
        ("a [b] *c*", "http://e.test", "[a &#91;b&#93; \\*c\\*](http://e.test)"),
        ("x", "mailto:ann@e.test", "[x](mailto:ann@e.test)"),
        ("x", 'https://e.test/a)b<c> "d"', "[x](https://e.test/a%29b%3Cc%3E%20%22d%22)"),
        ("x", "https://e.test/@b?c=&lt;", "[x](https://e.test/%40b?c=&lt%3B)"),
        ("two\nlines", "https://e.test", "[two lines](https://e.test)"),
        ("", "https://e.test", "[https://e.test](https://e.test)"),
        ("x", "javascript:alert(1)", "x"),
        ("x", "https://", "x"),
        ("x", "/relative", "x"),
        ("x", "https://[broken", "x"),
        ("x", "https://e.test/\nb", "x"),
        ("@here", "", f"@{ZWSP}here"),
    ],
)
def test_link_goes_only_where_it_says(label: str, url: str, shown: str) -> None:
    assert link(label, url) == shown


@given(OUTSIDE_TEXT, OUTSIDE_TEXT)
@settings(max_examples=200, deadline=None)
def test_link_cannot_be_left(label: str, path: str) -> None:
    shown = link(label, f"https://e.test/{path.strip()}x")

    assert formatting(shown) <= {"link_open", "link_close"}
    assert notified(shown) == NOBODY


@pytest.mark.parametrize(
    ("text", "limit", "shortened"),
    [
        ("short", 5, "short"),
        ("one two three four", 14, "one two three…"),
        ("one two three four", 16, "one two three…"),
        ("abcdefghijkl", 6, "abcde…"),
        ("abc", 1, "…"),
        ("abc", 0, ""),
    ],
)
def test_text_is_shortened_behind_a_word(text: str, limit: int, shortened: str) -> None:
    assert shorten(text, limit) == shortened


@pytest.mark.parametrize(
    ("text", "limit", "parts"),
    [
        ("", 10, [""]),
        ("whole", 10, ["whole"]),
        ("first para\n\nsecond", 14, ["first para", "second"]),
        ("line one\nline two", 12, ["line one", "line two"]),
        ("word by word here", 9, ["word by", "word here"]),
        ("aa\n\nbbbbbbbbb", 10, ["aa", "bbbbbbbbb"]),
        ("x" * 25, 10, ["x" * 10, "x" * 10, "x" * 5]),
        ("abcdefghi\u0301jk", 9, ["abcdefgh", "i\u0301jk"]),
        ("\n\n\n" + "x" * 9, 10, ["x" * 9]),
    ],
)
def test_text_is_split_at_the_largest_boundary(text: str, limit: int, parts: list[str]) -> None:
    assert split_text(text, limit) == parts


def test_cut_code_block_is_closed_and_opened_again() -> None:
    text = "```python\n" + "print(1)\n" * 20 + "```\nafter"

    parts = split_text(text, 100)

    assert [part.startswith("```python\nprint") for part in parts] == [True, True, True]
    assert [part.count("```") for part in parts] == [2, 2, 2]
    assert parts[-1].endswith("after")


def test_code_block_of_one_line_is_cut_too() -> None:
    parts = split_text("```\n" + "x" * 300 + "\n```", 100)

    assert "".join(part.strip("`\n") for part in parts) == "x" * 300
    assert {part[:4] + part[-4:] for part in parts} == {"```\n\n```"}


def test_code_block_of_one_long_word_is_cut_within_the_word() -> None:
    parts = split_text("```\n " + "x" * 60, 40)

    assert parts == ["```\n " + "x" * 31 + "\n```", "```\n" + "x" * 29]


def test_block_that_ends_at_the_cut_is_not_opened_again() -> None:
    parts = split_text("```\n" + "x" * 50 + "\n```\n" + "after " * 12, 61)

    assert parts[0] == "```\n" + "x" * 50 + "\n```"
    assert parts[1].startswith("after")


@given(st.lists(SPLIT_FRAGMENTS, max_size=120).map("".join), st.integers(20, 80))
@settings(max_examples=200, deadline=None)
def test_parts_fit_and_lose_nothing(text: str, limit: int) -> None:
    parts = split_text(text, limit)

    assert max(map(len, parts)) <= limit
    assert letters("".join(parts)) == letters(text)


def letters(text: str) -> str:
    """What no cut may lose or double."""
    return "".join(character for character in text if character.isalnum())


def test_megabyte_of_marks_is_escaped() -> None:
    escaped = escape("*_@~`" * 200_000)

    assert isinstance(escaped, Markdown)
    assert notified(escaped[:2000]) == NOBODY
