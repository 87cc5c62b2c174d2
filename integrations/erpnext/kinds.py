"""Their word → our kind, as tables: event words, document events and the statuses of documents."""

import re
from collections.abc import Mapping

from hub.contracts import PayloadError, Severity

EVENT_HEADER = "x-hub-event"
MAX_WORD_CHARS = 60

KINDS: Mapping[str, str] = {
    "deal.won": "An order was won",
    "opportunity.won": "An opportunity became an order",
    "quotation.accepted": "A customer ordered what a quotation offered",
    "quotation.lost": "A quotation was lost",
    "invoice.submitted": "An invoice or credit note was submitted",
    "invoice.paid": "An invoice was paid",
    "invoice.overdue": "An invoice was not paid in time",
    "task.completed": "A task was completed",
    "task.overdue": "A task was not completed in time",
    "project.milestone": "A milestone of a project was reached",
    "project.completed": "A project was completed",
    "comment.added": "Somebody commented on a document",
    "document.created": "Any document was made",
    "document.submitted": "Any document was submitted",
    "document.cancelled": "A submitted document was cancelled",
    "document.deleted": "A document was deleted",
    "document.changed": "Anything else about a document",
}
CHANGED = "document.changed"
MILESTONE = "project.milestone"

# The DocTypes a kind is about; the first where a payload leaves it open.
DOCTYPES: Mapping[str, tuple[str, ...]] = {
    "deal.won": ("Sales Order", "Opportunity", "Quotation"),
    "opportunity.won": ("Opportunity",),
    "quotation.accepted": ("Quotation",),
    "quotation.lost": ("Quotation",),
    "invoice.submitted": ("Sales Invoice",),
    "invoice.paid": ("Sales Invoice",),
    "invoice.overdue": ("Sales Invoice",),
    "task.completed": ("Task",),
    "task.overdue": ("Task",),
    "project.milestone": ("Task",),
    "project.completed": ("Project",),
    "comment.added": ("Comment",),
}

# Frappe's own words for what happened to a document; "" stands for every other DocType.
DOCUMENT_EVENTS: Mapping[str, Mapping[str, str]] = {
    "afterinsert": {"Comment": "comment.added", "": "document.created"},
    "onsubmit": {
        "Sales Order": "deal.won",
        "Sales Invoice": "invoice.submitted",
        "": "document.submitted",
    },
    "oncancel": {"": "document.cancelled"},
    "ontrash": {"": "document.deleted"},
}
# After these words the status says what it is: `on_change`, `task.changed`, `updated`.
SAYS_ONLY_CHANGED = re.compile(
    r"on_(change|update(_after_submit)?)|workflow_transition|"
    r"(?!document\.changed$)([a-z_ ]+\.)?(changed?|updated?)"
)

# Where no word says it, the status a document has come to.
STATUS_KINDS: Mapping[tuple[str, str], str] = {
    ("Task", "Completed"): "task.completed",
    ("Task", "Overdue"): "task.overdue",
    ("Project", "Completed"): "project.completed",
    ("Quotation", "Ordered"): "quotation.accepted",
    ("Quotation", "Partially Ordered"): "quotation.accepted",
    ("Quotation", "Lost"): "quotation.lost",
    ("Opportunity", "Converted"): "opportunity.won",
    ("Sales Invoice", "Paid"): "invoice.paid",
    ("Sales Invoice", "Overdue"): "invoice.overdue",
    ("Sales Invoice", "Overdue and Discounted"): "invoice.overdue",
}

# The statuses ERPNext comes with. One that a site has added contradicts nothing.
STATUSES: Mapping[str, frozenset[str]] = {
    "Task": frozenset(
        ("Open", "Working", "Pending Review", "Overdue", "Template", "Completed", "Cancelled")
    ),
    "Project": frozenset(("Open", "Completed", "Cancelled")),
    "Issue": frozenset(("Open", "Replied", "On Hold", "Resolved", "Closed")),
    "Opportunity": frozenset(("Open", "Quotation", "Converted", "Lost", "Replied", "Closed")),
    "Quotation": frozenset(
        ("Draft", "Open", "Replied", "Partially Ordered", "Ordered", "Lost", "Cancelled", "Expired")
    ),
    "Sales Order": frozenset(
        (
            *("Draft", "On Hold", "To Pay", "To Deliver and Bill", "To Bill", "To Deliver"),
            *("Completed", "Cancelled", "Closed"),
        )
    ),
    "Sales Invoice": frozenset(
        (
            *("Draft", "Return", "Credit Note Issued", "Paid", "Partly Paid", "Unpaid", "Overdue"),
            *("Unpaid and Discounted", "Partly Paid and Discounted", "Overdue and Discounted"),
            *("Submitted", "Cancelled", "Internal Transfer"),
        )
    ),
}
# The status that closes a document, of those whose status people set by hand.
CLOSING: Mapping[str, str] = {
    "Task": "Completed",
    "Project": "Completed",
    "Issue": "Closed",
    "Opportunity": "Closed",
}
# ERPNext works out the status of these from what is delivered, billed and paid.
COMPUTED_STATUSES = frozenset(
    (
        *("Sales Order", "Sales Invoice", "Quotation", "Delivery Note", "Payment Entry"),
        *("Purchase Order", "Purchase Invoice", "Purchase Receipt", "Stock Entry"),
    )
)
OVER_STATUSES = frozenset(
    ("Completed", "Cancelled", "Closed", "Resolved", "Lost", "Converted", "Paid", "Expired")
)
ORDERED = frozenset(("Ordered", "Partially Ordered"))
NOTHING_OWED = frozenset(
    ("Draft", "Return", "Credit Note Issued", "Paid", "Cancelled", "Internal Transfer")
)
# The standard statuses in which a kind can be true.
FITTING: Mapping[tuple[str, str], frozenset[str]] = {
    ("deal.won", "Sales Order"): STATUSES["Sales Order"] - {"Draft", "Cancelled"},
    ("deal.won", "Opportunity"): frozenset(("Converted",)),
    ("deal.won", "Quotation"): ORDERED,
    ("opportunity.won", "Opportunity"): frozenset(("Converted",)),
    ("quotation.accepted", "Quotation"): ORDERED,
    ("quotation.lost", "Quotation"): frozenset(("Lost",)),
    ("invoice.submitted", "Sales Invoice"): STATUSES["Sales Invoice"] - {"Draft", "Cancelled"},
    ("invoice.paid", "Sales Invoice"): frozenset(("Paid",)),
    ("invoice.overdue", "Sales Invoice"): STATUSES["Sales Invoice"] - NOTHING_OWED,
    ("task.completed", "Task"): frozenset(("Completed",)),
    ("task.overdue", "Task"): frozenset(("Overdue",)),
    ("project.milestone", "Task"): frozenset(("Completed",)),
    ("project.completed", "Project"): frozenset(("Completed",)),
}

SEVERITIES: Mapping[str, Severity] = {
    "deal.won": "success",
    "opportunity.won": "success",
    "quotation.accepted": "success",
    "quotation.lost": "warning",
    "invoice.paid": "success",
    "invoice.overdue": "warning",
    "task.completed": "success",
    "task.overdue": "warning",
    "project.milestone": "success",
    "project.completed": "success",
    "document.cancelled": "warning",
    "document.deleted": "warning",
}
TIMED_KINDS = frozenset(("invoice.overdue", "task.overdue"))  # nobody did it

CHANGED_FIELDS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(STATUS_KINDS.values(), ("status",)),
    "deal.won": ("status",),
    "project.milestone": ("status",),
    "invoice.submitted": ("docstatus",),
    "document.submitted": ("docstatus",),
    "document.cancelled": ("docstatus",),
}

# How names begin in ERPNext as it comes; sites add theirs with the option `prefixes`.
PREFIXES: Mapping[str, str] = {
    "TASK-": "Task",
    "PROJ-": "Project",
    "ACC-SINV-": "Sales Invoice",
    "SINV-": "Sales Invoice",
    "INV-": "Sales Invoice",
    "SAL-ORD-": "Sales Order",
    "SO-": "Sales Order",
    "SAL-QTN-": "Quotation",
    "QTN-": "Quotation",
    "CRM-OPP-": "Opportunity",
    "OPP-": "Opportunity",
    "ISS-": "Issue",
    "CRM-LEAD-": "Lead",
    "PUR-ORD-": "Purchase Order",
    "ACC-PINV-": "Purchase Invoice",
    "ACC-PAY-": "Payment Entry",
}


def find_said_kind(word: str, doctype: str) -> str:
    """Our kind for an event word about a DocType; `""` when the status has to say it.

    Raises PayloadError for a word that is none: guessing would hide the mistake.
    """
    word = word[:MAX_WORD_CHARS].strip().lower()
    letters = re.sub(r"[^a-z]", "", word)
    if not word or SAYS_ONLY_CHANGED.fullmatch(word):
        return ""
    if by_doctype := DOCUMENT_EVENTS.get(letters):
        return by_doctype.get(doctype) or by_doctype[""]
    for kind in KINDS:
        is_short_form = doctype in DOCTYPES.get(kind, ()) and kind.endswith(f".{word}")
        if letters == kind.replace(".", "") or is_short_form:
            return kind
    raise PayloadError(f"“{word}” is no event of ERPNext. Known are: {', '.join(KINDS)}", "event")


def find_contradiction(kind: str, doctype: str, status: str) -> str:
    """Why the document itself shows that `kind` has not happened; empty when it does not.

    A webhook whose condition was forgotten is sent at every change.
    """
    fitting = FITTING.get((kind, doctype))
    if fitting is None or status in fitting or status not in STATUSES[doctype]:
        return ""
    return (
        f"the webhook says {kind}, but the {doctype} is “{status}”: its condition in ERPNext is "
        "missing or wrong"
    )
