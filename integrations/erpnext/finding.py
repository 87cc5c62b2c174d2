"""Documents and users as they are in ERPNext now."""

from datetime import UTC, datetime, tzinfo
from urllib.parse import quote

from hub.contracts import DeliveryError, JSONObject, PayloadError, SourceView
from hub.tickets import Account, Ticket, TicketAddress
from integrations.erpnext.client import Call, Query, call, fetch_all
from integrations.erpnext.documents import MAX_NAME_CHARS, desk_url, doctype_by_prefix
from integrations.erpnext.fields import OTHER_TITLES, TITLE_FIELDS
from integrations.erpnext.kinds import OVER_STATUSES
from integrations.erpnext.reading import Node, zone_of

USER_FIELDS = ("name", "email", "full_name", "enabled")
UNKNOWN_PREFIX = (
    "The hub does not know what sort of document {} is: name its beginning in the option prefixes "
    "of the source"
)


def find_ticket(source: SourceView, address: TicketAddress) -> Ticket | None:
    """`external_id` is `Task/TASK-2025-00006`. None when it is not there. Raises DeliveryError."""
    doctype, name = split_id(address.external_id) if address.external_id else ("", "")
    name = name or address.display.strip()[:MAX_NAME_CHARS]
    doctype = doctype or doctype_by_prefix(name, source.options)
    if not doctype:
        raise DeliveryError(UNKNOWN_PREFIX.format(name), permanent=True)
    document = load_document(source, doctype, name)
    return ticket_of(source, doctype, document) if document is not None else None


def load_document(source: SourceView, doctype: str, name: str) -> JSONObject | None:
    """None when it is not there. Raises DeliveryError."""
    try:
        content = call(source, Call("GET", document_path(doctype, name))).json()
    except DeliveryError as error:
        if error.status_code != 404:
            raise
        return None
    document = content.get("data") if isinstance(content, dict) else None
    if not isinstance(document, dict):
        raise DeliveryError(f"ERPNext's answer about {doctype} {name} holds no document")
    return document


def find_account(source: SourceView, email: str) -> Account | None:
    """The enabled user with exactly this address. Raises DeliveryError."""
    wanted = email.strip()
    if not wanted:
        return None
    conditions = (("email", "=", wanted), ("enabled", "=", 1))
    rows, _is_whole = fetch_all(source, Query("User", USER_FIELDS, conditions))
    for row in rows:
        address, name = str(row.get("email") or ""), str(row.get("name") or "")
        if address.casefold() == wanted.casefold() and row.get("enabled") == 1:
            return Account(name, name, address, str(row.get("full_name") or name))
    return None


def document_path(doctype: str, name: str) -> str:
    return f"/api/resource/{quote(doctype, safe='')}/{quote(name, safe='')}"


def split_id(external_id: str) -> tuple[str, str]:
    """DocType and name; names may hold slashes themselves. Without a DocType it is empty."""
    doctype, slash, name = external_id.partition("/")
    return (doctype, name) if slash else ("", external_id)


def ticket_of(source: SourceView, doctype: str, document: JSONObject) -> Ticket:
    """Raises DeliveryError for a document that is not what documents are like."""
    try:
        return _ticket(source, doctype, Node(document))
    except PayloadError as error:
        raise DeliveryError(f"ERPNext's answer cannot be read: {error}", permanent=True) from error


def _ticket(source: SourceView, doctype: str, fields: Node) -> Ticket:
    name, status = fields.line("name"), fields.line("status")
    titles = TITLE_FIELDS.get(doctype, OTHER_TITLES)
    due = fields.line("due_date") or fields.line("exp_end_date") or fields.line("expected_end_date")
    details = (("DocType", doctype), ("Due", due), ("Project", fields.line("project")))
    return Ticket(
        external_id=f"{doctype}/{name}",
        display=name,
        title=_first(fields, titles),
        url=desk_url(source, doctype, name),
        status=status,
        priority=fields.line("priority"),
        owner=fields.line("opportunity_owner") or ", ".join(fields.addresses("_assign")),
        customer=_first(fields, ("customer_name", "party_name", "customer")),
        is_closed=status in OVER_STATUSES,
        created_marker=fields.second("creation"),
        updated_at=site_time(fields.text("modified"), zone_of(source.options)),
        fields=tuple((label, value) for label, value in details if value),
    )


def site_time(text: str, zone: tzinfo) -> datetime | None:
    """A time of the site, which it writes without an offset."""
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _first(fields: Node, names: tuple[str, ...]) -> str:
    return next((text for one in names if (text := fields.line(one))), "")
