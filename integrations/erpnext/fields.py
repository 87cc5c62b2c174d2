"""What rules and templates can read of a document."""

from collections.abc import Mapping
from datetime import tzinfo

from hub.contracts import JSONObject
from integrations.erpnext.documents import ErpDocument
from integrations.erpnext.reading import Node

MAX_HTML_CHARS = 20_000  # a message shows the first lines
MAX_REASONS = 10

# The fields that may hold a document's title and its sum, the best first.
TITLE_FIELDS: Mapping[str, tuple[str, ...]] = {
    "Task": ("subject",),
    "Issue": ("subject",),
    "Project": ("project_name",),
    "Opportunity": ("customer_name", "title", "party_name"),
    "Sales Order": ("customer_name", "title", "customer"),  # `title` may be "{customer_name}"
    "Sales Invoice": ("customer_name", "title", "customer"),
    "Quotation": ("customer_name", "title", "party_name"),
    "Lead": ("lead_name", "company_name"),
}
OTHER_TITLES = ("subject", "title", "customer_name", "supplier_name", "party_name")
AMOUNT_FIELDS: Mapping[str, tuple[str, ...]] = {
    "Opportunity": ("opportunity_amount", "total", "grand_total"),
    "Sales Order": ("net_total", "grand_total"),  # a deal is spoken of without VAT
    "Quotation": ("net_total", "grand_total"),
    "Payment Entry": ("paid_amount",),
}
OTHER_AMOUNTS = ("grand_total",)


def read_title(document: ErpDocument) -> str:
    """Of a comment empty: it is about another document. Raises PayloadError."""
    if document.is_comment:
        return ""
    return _first(document.fields, TITLE_FIELDS.get(document.doctype, OTHER_TITLES))


def read_data(document: ErpDocument, zone: tzinfo) -> JSONObject:
    """Raises PayloadError with the place of the first surprise."""
    fields = document.fields
    return {
        "doctype": fields.line("reference_doctype") if document.is_comment else document.doctype,
        "name": document.name,
        "status": fields.line("status"),
        "company": fields.line("company"),
        "customer": _first(fields, ("customer_name", "party_name", "customer")),
        "created_by": fields.line("owner"),
        "created_at": fields.moment("creation", zone),
        "modified_at": fields.moment("modified", zone),
        **_money(document),
        **_work(document, zone),
        **_sale(fields, zone),
        "comment": fields.text("content", MAX_HTML_CHARS) if document.is_comment else "",
    }


def _money(document: ErpDocument) -> JSONObject:
    fields = document.fields
    candidates = AMOUNT_FIELDS.get(document.doctype, OTHER_AMOUNTS)
    amounts = [amount for one in candidates if (amount := fields.number(one)) != ""]
    return {
        "amount": amounts[0] if amounts else "",
        "net_total": fields.number("net_total"),
        "grand_total": fields.number("grand_total"),
        "outstanding": fields.number("outstanding_amount"),
        "currency": fields.line("currency"),
    }


def _work(document: ErpDocument, zone: tzinfo) -> JSONObject:
    """Of tasks and projects."""
    fields = document.fields
    assignees = fields.addresses("_assign")
    owner = fields.line("opportunity_owner") or next(iter(assignees), "")
    is_project = document.doctype == "Project"
    return {
        "subject": fields.line("subject"),
        "description": fields.text("description", MAX_HTML_CHARS),
        "project": document.name if is_project else fields.line("project"),
        "project_name": document.project_name,
        "priority": fields.line("priority"),
        "is_milestone": bool(fields.flag("is_milestone")),
        "progress": fields.number("progress"),
        "deadline": fields.moment("exp_end_date", zone) or fields.moment("expected_end_date", zone),
        "owner": owner,
        "owner_email": owner,
        "assignees": [*assignees],
    }


def _sale(fields: Node, zone: tzinfo) -> JSONObject:
    """Of quotations, orders and invoices."""
    reasons = [row.line("lost_reason") for row in fields.rows("lost_reasons")[:MAX_REASONS]]
    reasons.append(fields.line("order_lost_reason"))
    return {
        "due_date": fields.moment("due_date", zone),
        "delivery_date": fields.moment("delivery_date", zone),
        "valid_till": fields.moment("valid_till", zone),
        "po_no": fields.line("po_no"),
        "is_return": bool(fields.flag("is_return")),
        "lost_reasons": [reason for reason in reasons if reason],
    }


def _first(fields: Node, names: tuple[str, ...]) -> str:
    return next((text for one in names if (text := fields.line(one))), "")
