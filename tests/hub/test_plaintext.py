"""The text of HTML articles, of real ones and of garbage."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.markdown import ZWSP, escape, html_to_text
from hub.plaintext import markdown_to_text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>One</p><p>Two<br>three</p>", "One\n\nTwo\nthree"),
        ("<div>One</div><div>Two</div>", "One\nTwo"),
        ("Hello,<br/>\n<br/>\n  the   server\n is <b>down</b>", "Hello,\n\nthe server is down"),
        ("<ul><li>a</li><li>b</li></ul>", "• a\n• b"),
        ("<ol><li>a</li><li>b<ul><li>c</li></ul></li><li>d</li></ol>", "1. a\n2. b\n• c\n3. d"),
        ("<li>alone</li>", "• alone"),
        (
            'See <a href="https://e.test/a?b=1&amp;c">the page</a>.',
            "See the page (https://e.test/a?b=1&c).",
        ),
        ('<a href="https://e.test/">https://e.test</a>', "https://e.test"),
        ("<a href='mailto:ann@e.test'>ann@e.test</a>", "ann@e.test"),
        ('<a href="javascript:x()">click</a>', "click"),
        ('<a href="https://e.test"><img src="x.png"></a>', "https://e.test"),
        ('<a title="a > b" href=https://e.test>x</a>', "x (https://e.test)"),
        ('<img alt="Screenshot" src="cid:1">', "Screenshot"),
        ("<style>p {}</style><script>alert('<p>')</script><!-- <p> -->x", "x"),
        ("a<script>never closed", "a"),
        ("a<!-- never closed", "a"),
        ("<pre>def f():\n    x = 1</pre>", "def f():\n    x = 1"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("&lt;b&gt; &amp;amp; &euro;5 &nbsp;x&#39;", "<b> &amp; €5 x'"),
        ("1 < 2 and 3 > 2, a<b", "1 < 2 and 3 > 2, a<b"),
        ("<p>a</p>" + "<br>" * 9 + "<p>b</p>", "a\n\nb"),
        ("<ul><li><p>a</p></li><li></li><li><div>b</div></li></ul>c", "• a\n• b\n\nc"),
        ("a<pre>\n\n\n\nb</pre>", "a\n\nb"),
        ("", ""),
    ],
)
def test_article_reads_as_text(source: str, text: str) -> None:
    assert html_to_text(source) == text


@pytest.mark.parametrize(
    "piece",
    [
        "<",
        "<a ",
        '<a b="',
        "<a b='",
        "</a",
        "<!--",
        "<![",
        "<?",
        "<script",
        "<ul>",
        "&",
        "&#",
        "<x y",
    ],
)
def test_megabyte_of_garbage_is_read(piece: str) -> None:
    text = html_to_text(piece * (1_000_000 // len(piece)) + "<p>end")

    assert len(text) <= 1_000_010


@given(st.text() | st.text(alphabet="<>/ abp='\"&;#!-\n"))
@settings(max_examples=200, deadline=None)
def test_any_text_is_read(source: str) -> None:
    text = html_to_text(source)

    assert text == text.strip()
    assert "\n\n\n" not in text


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("Price \\*net\\*, a\\_b", "Price *net*, a_b"),
        ("**Urgent**: ~~old~~ *new*", "Urgent: old new"),
        ("[ZD#1 &#91;x&#93; \\*y\\*](https://e.test/1) is new", "ZD#1 [x] *y* is new"),
        ("on `main\\*` of ``a b``", "on main\\* of a b"),
        ("&lt;b&gt; &amp;amp; &#36;5", "<b> &amp; $5"),
        ("2 * 3 [no link] C:\\dir", "2 * 3 [no link] C:\\dir"),
        ("@\u200bchannel", "@\u200bchannel"),
        ("", ""),
    ],
)
def test_markdown_becomes_what_a_reader_would_see(markdown: str, text: str) -> None:
    assert markdown_to_text(markdown) == text


@given(st.text(alphabet="ab*_`~[]()\\&;<@x1", min_size=1, max_size=60))
def test_what_was_made_inert_reads_as_it_was(text: str) -> None:
    assert markdown_to_text(escape(text)).replace(ZWSP, "") == text


@pytest.mark.parametrize("garbage", ["[", "[](", "`", "``", "&", "*", "\\", "[a](b", "&#"])
def test_garbage_is_read_in_linear_time(garbage: str) -> None:
    assert len(markdown_to_text(garbage * 20_000)) <= 20_000 * len(garbage)
