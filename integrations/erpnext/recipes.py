"""The webhook to make in ERPNext for each kind, as its form asks for it."""

from collections.abc import Mapping
from typing import Final

from hub.contracts import Recipe

BODY: Final = (
    '{"doctype": {{ doc.doctype|tojson }}, "name": {{ doc.name|tojson }}, "doc": {{ doc|tojson }} }'
)
ANY: Final = "the one you want to hear about"
OVERDUE: Final = (
    "ERPNext marks invoices as overdue at night and calls no webhook for it: the hub looks for "
    "them every hour, once the source has an address and a key."
)
MILESTONE: Final = "The same webhook as task.completed: a completed task that is one tells both."


def _became(status: str) -> str:
    return f'doc.status=="{status}" and doc.has_value_changed("status")'


# kind → DocType, Doc Event, Condition (Frappe v13 to v16)
WEBHOOKS: Final[Mapping[str, tuple[str, str, str]]] = {
    "deal.won": ("Sales Order", "on_submit", ""),
    "opportunity.won": ("Opportunity", "on_change", _became("Converted")),
    "quotation.accepted": ("Quotation", "on_change", _became("Ordered")),
    "quotation.lost": ("Quotation", "on_change", _became("Lost")),
    "invoice.submitted": ("Sales Invoice", "on_submit", ""),
    "invoice.paid": ("Sales Invoice", "on_change", _became("Paid")),
    "task.completed": ("Task", "on_change", _became("Completed")),
    "task.overdue": ("Task", "on_change", _became("Overdue")),
    "project.completed": ("Project", "on_change", _became("Completed")),
    "comment.added": ("Comment", "after_insert", 'doc.comment_type=="Comment"'),
    "document.created": (ANY, "after_insert", ""),
    "document.submitted": (ANY, "on_submit", ""),
    "document.cancelled": (ANY, "on_cancel", ""),
    "document.deleted": (ANY, "on_trash", ""),
    "document.changed": (ANY, "on_change", ""),
}


def _recipe(kind: str, word: str, note: str = "") -> Recipe:
    doctype, event, condition = WEBHOOKS[word]
    entries = {
        "DocType": doctype,
        "Doc Event": event,
        "Condition": condition,
        "Request URL": f"{{{{ url }}}}?event={word}",
        "Request Method": "POST",
        "Request Structure": "JSON",
        "Webhook Secret": "{{ secret }}",
        "Headers": "Content-Type: application/json",
        "JSON Request Body": BODY,
    }
    return Recipe(kind, {name: text for name, text in entries.items() if text}, note)


RECIPES: Final = (
    *(_recipe(kind, kind) for kind in WEBHOOKS),
    _recipe("project.milestone", "task.completed", MILESTONE),
    Recipe("invoice.overdue", {}, OVERDUE),
)
