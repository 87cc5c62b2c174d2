"""Articles are HTML; messages show what a reader sees of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.zammad.plaintext import MAX_HTML_CHARS, html_to_text, shorten


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("Since 08:00 <b>all</b> get a 502.<br>", "Since 08:00 all get a 502."),
        ("<p>one</p>\n<p>two<br/>three</p>", "one\n\ntwo\nthree"),
        ("a<br><br><br><br>b", "a\n\nb"),
        ("<ul><li>one</li><li>two</li></ul>", "- one\n- two"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a b"),
        ("1 &lt; 2 &amp; 3&nbsp;&#8364;", "1 < 2 & 3 €"),
        ("1 < 2 and <b>3", "1 < 2 and 3"),
        ('<a href="https://x.example.test/a">here</a>!', "here (https://x.example.test/a)!"),
        ('<a href="https://x.example.test/">https://x.example.test</a>', "https://x.example.test"),
        ('<a href="mailto:a@x.example.test">a@x.example.test</a>', "a@x.example.test"),
        ('<a href="javascript:alert(1)">press</a>', "press"),
        ("<a name=x>anchor</a></a>", "anchor"),
        ("<script>alert(1)</script><style>p {}</style>kept", "kept"),
        ('<img src="/api/v1/ticket_attachment/1/2/3" alt="x">', ""),
        ("<!-- hidden -->shown", "shown"),
        ("<![>shown<!-- > -->, too<!-- the rest", "shown , too"),
        ("&lt;!channel&gt; @all", "<!channel> @all"),
    ],
)
def test_html_becomes_what_a_reader_sees(html: str, text: str) -> None:
    assert html_to_text(html) == text


@given(st.text(alphabet="<>/!a &;'\"=-[]", max_size=200))
def test_any_garbage_becomes_text(garbage: str) -> None:
    assert len(html_to_text(garbage)) <= 2 * len(garbage)


def test_only_the_beginning_of_a_long_article_is_read() -> None:
    assert html_to_text("x" * MAX_HTML_CHARS + "unread") == "x" * MAX_HTML_CHARS


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        ("as it is", 8, "as it is"),
        ("cut at a word", 10, "cut at a…"),
        ("unbreakable", 5, "unbr…"),
        ("a verylongword", 10, "a verylon…"),
    ],
)
def test_a_text_is_cut_at_a_word_where_there_is_one(text: str, limit: int, short: str) -> None:
    assert shorten(text, limit) == short
