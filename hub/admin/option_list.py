"""Which options a source can have, beside the field for them."""

from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _

from hub.contracts import Integration


def list_options(integration: Integration | None) -> str:
    """HTML: a line for each, its name and what it means."""
    if integration is None:
        return _("Which there are depends on the system: they are listed here once it is saved.")
    if not integration.options:
        return _("This system has no options.")
    named = [(name, meaning_of(integration, name)) for name in integration.options]
    lines = format_html_join("", "<li><code>{}</code>: {}</li>", named)
    head = _("As JSON. There are:")
    return format_html('{}<ul class="pl-4 mt-1">{}</ul>', head, lines)


def meaning_of(integration: Integration, name: str) -> str:
    """In the reader's language. Of an empty text, gettext would give the catalogue's head."""
    text = integration.options.get(name, "")
    return _(text) if text else ""
