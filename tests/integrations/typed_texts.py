"""What people may type into a chat, for tests of what arrives elsewhere."""

from hypothesis import strategies as st

PIECES = (
    *(
        "<script>alert(1)</script>",
        "<b onmouseover=x>",
        "</p><img src=x onerror=y>",
        "&amp;",
        "<!--",
    ),
    *("@all", "@anja", "~town-square", ":tada:", "#23", "ZD#74001", "{{toc}}", "h1. ", "bq. "),
    *(
        "`code`",
        "```python\nx < 1\n```",
        "```",
        "`",
        "**bold**",
        "_it_",
        "~~gone~~",
        "\\",
        "*",
        "|",
    ),
    *(
        "# Title\n",
        "> quoted\n",
        ">\n",
        "- one\n- two\n",
        "3. three\n",
        "\n",
        "\n\n",
        "    indented\n",
    ),
    *("https://x.example.test/a?b=1&c=<2>", "[label](https://x.example.test)", "[x]: y", "![p](q)"),
    *(
        "[run](javascript:alert(1))",
        "🚀",
        "مرحبا",
        "\u202eabc",
        "é",
        "\r\n",
        "!img!",
        '"a":b',
        "==",
    ),
)
LONG_TEXT = ("The quick @all gallop over <script>x</script> and `code`.\n" * 2_000)[:100_000]


def typed_texts() -> st.SearchStrategy[str]:
    """Never blank: without a text there is no note."""
    pieces = st.sampled_from(PIECES) | st.text(max_size=12)
    texts = st.lists(pieces, max_size=8).map("".join)
    return texts.map(lambda text: f"{text}.x")
