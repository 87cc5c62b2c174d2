"""JSON in colours, in the order it came, with what looks like a secret masked."""

import json
from functools import lru_cache
from typing import Final

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from pygments import highlight  # type: ignore[import-untyped]  # it has no stubs
from pygments.formatters.html import HtmlFormatter  # type: ignore[import-untyped]  # it has no stubs
from pygments.lexers.data import JsonLexer  # type: ignore[import-untyped]  # it has no stubs

from hub.contracts import JSONValue
from hub.secrets import mask_secrets

MAX_SHOWN_CHARS: Final = 100_000  # of one document: colouring more takes seconds


def json_html(value: JSONValue) -> SafeString:
    return coloured(json.dumps(value, ensure_ascii=False, indent=2))


def coloured(text: str) -> SafeString:
    """`text` is JSON, or nearly."""
    shown = mask_secrets(text)
    if len(shown) > MAX_SHOWN_CHARS:
        return plain(shown)
    html = highlight(shown, _lexer(), _formatter())
    return format_html('<pre class="hub-code">{}</pre>', mark_safe(html))  # noqa: S308  # pygments escapes


def plain(text: str) -> SafeString:
    shown = mask_secrets(text)
    cut = "…" if len(shown) > MAX_SHOWN_CHARS else ""
    return format_html('<pre class="hub-code">{}{}</pre>', shown[:MAX_SHOWN_CHARS], cut)


@lru_cache(1)
def _lexer() -> JsonLexer:
    return JsonLexer(stripnl=False)


@lru_cache(1)
def _formatter() -> HtmlFormatter:
    return HtmlFormatter(nowrap=True, classprefix="hub-json-")
