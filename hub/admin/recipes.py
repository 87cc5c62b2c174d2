"""The README of an integration as the recipe for the other side, with the address filled in."""

import re

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from hub import registry
from hub.models import WebhookToken
from hub.previewing import document_html
from hub.secrets import ENVIRONMENT_PREFIX

PLACE = re.compile(r"\{\{\s*(url|secret)\s*\}\}")
FIRST_HEADING = re.compile(r"\A\s*# [^\n]*\n")


def recipe_html(integration_name: str, *, url: str, secret: str) -> SafeString | str:
    """Empty when the integration is gone or brings none along."""
    integration = registry.get(integration_name)
    path = integration.folder / "README.md" if integration is not None else None
    if path is None or not path.exists():
        return ""
    text = FIRST_HEADING.sub("", path.read_text())
    filled = {"url": url, "secret": _shown(secret)}
    return document_html(PLACE.sub(lambda found: filled[found[1]], text))


def secret_place(token: WebhookToken | None) -> str:
    """What stands in place of a signing secret: it is shown once, where a token is issued."""
    if token is None:
        return _("(shown when a token is issued)")
    if not token.signing_secret:
        return _shown("")
    return _("(shown once, when the token was issued)")


def _shown(secret: str) -> str:
    if not secret:
        return _("(none: leave it empty)")
    if secret.startswith(ENVIRONMENT_PREFIX):
        return _("(the value of %(name)s)") % {"name": secret.removeprefix(ENVIRONMENT_PREFIX)}
    return secret
