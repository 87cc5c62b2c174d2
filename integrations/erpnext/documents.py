"""A webhook read into one record: which document, what is said of it, and its fields."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from hub.contracts import InboundRequest, JSONObject, JSONValue, PayloadError, SourceView
from integrations.erpnext.kinds import (
    CHANGED,
    DOCTYPES,
    EVENT_HEADER,
    MILESTONE,
    PREFIXES,
    STATUS_KINDS,
    find_contradiction,
    find_said_kind,
)
from integrations.erpnext.reading import Node

MAX_NAME_CHARS = 140  # of documents and DocTypes in Frappe
COMMENT = "Comment"
DEFAULT_DESK = "app"  # up to v15; v16 forwards from there
NO_MILESTONE = "the webhook says project.milestone, but the task is not marked as one"

# Keys that field tables use; the first one that is there counts. The option `fields` adds others.
USUAL_KEYS: Mapping[str, tuple[str, ...]] = {
    "name": ("id", "docname", "document_name", "document", "nummer", "number"),
    "customer_name": ("klant", "klantnaam", "customer", "client"),
    "grand_total": ("bedrag", "totaal", "amount", "total"),
    "outstanding_amount": ("openstaand", "outstanding"),
    "due_date": ("vervalt", "vervaldatum", "due"),
    "currency": ("valuta",),
    "subject": ("onderwerp", "title"),
    "is_milestone": ("mijlpaal", "milestone"),
    "exp_end_date": ("deadline",),
    "modified": ("gewijzigd",),
}


@dataclass(frozen=True, slots=True)
class ErpDocument:
    """`is_said` is false where the kinds are only concluded from the status."""

    doctype: str  # empty where neither the payload nor its name tells
    name: str
    fields: Node
    project_name: str
    kinds: tuple[str, ...]
    is_said: bool
    contradiction: str

    @property
    def is_comment(self) -> bool:
        return self.doctype == COMMENT


def read_document(
    request: InboundRequest, body: JSONValue, options: Mapping[str, JSONValue]
) -> ErpDocument:
    """`body` is that of the request, decoded. Raises PayloadError with the first surprise."""
    if not isinstance(body, dict):
        raise PayloadError("the body is not a JSON object")
    _refuse_other_bodies(body)
    root = Node(body)
    is_whole = isinstance(body.get("doc"), dict)
    fields = root.node("doc") if is_whole else _as_field_table(body, options)
    name = _short(root, "name") or _short(fields, "name")
    if not name:
        raise PayloadError("the body names no document: send its `name`", fields.at("name"))
    doctype = _short(root, "doctype") or _short(fields, "doctype")
    doctype = doctype or doctype_by_prefix(name, options)
    said = find_said_kind(_said_word(request, root), doctype)
    doctype = doctype or DOCTYPES.get(said, ("",))[0]
    return _settled(root, fields, (doctype, name), said)


def desk_url(source: SourceView, doctype: str, name: str) -> str:
    """The document in the desk: `/app/sales-invoice/INV-2024-001`."""
    if not source.base_url or not doctype:
        return ""
    desk = str(source.options.get("desk") or DEFAULT_DESK).strip("/")
    slug = quote(doctype.lower().replace(" ", "-"), safe="")
    return f"{source.base_url}/{desk}/{slug}/{quote(name, safe='')}"


def _refuse_other_bodies(body: JSONObject) -> None:
    """Two bodies that name no document each have a cause that the admin can remove."""
    if not body:
        raise PayloadError(
            "the body is empty: the webhook in ERPNext has neither fields nor a JSON body. Paste "
            "the JSON body of the instructions into it",
            "name",
        )
    if "text" in body and "attachments" in body:
        raise PayloadError(
            "this is a Notification of ERPNext for Slack: make a Webhook in ERPNext instead, or "
            "give the Notification an address of the Mattermost-compatible webhook",
            "name",
        )


def _as_field_table(body: JSONObject, options: Mapping[str, JSONValue]) -> Node:
    """The document's fields as the body itself, under the admin's own keys."""
    if "doctype" in body and "modified" in body:
        return Node(body)  # the document, with the names it has in ERPNext
    own = options.get("fields")
    keys = {
        field: key
        for key, field in (own.items() if isinstance(own, dict) else ())
        if isinstance(field, str) and key in body
    }
    for field, candidates in USUAL_KEYS.items():
        key = next((one for one in candidates if one in body), None)
        if field not in body and field not in keys and key is not None:
            keys[field] = key
    return Node(body, keys=keys)


def _short(node: Node, name: str) -> str:
    text = node.text(name)
    if len(text) > MAX_NAME_CHARS:
        raise node.surprise(name, f"is longer than {MAX_NAME_CHARS} characters")
    return text


def doctype_by_prefix(name: str, options: Mapping[str, JSONValue]) -> str:
    """Of the beginnings that fit the longest counts, an admin's own before the usual ones."""
    own = options.get("prefixes")
    for table in (own if isinstance(own, dict) else {}, PREFIXES):
        fitting = [prefix for prefix in table if name.upper().startswith(prefix.upper())]
        if fitting:
            return str(table[max(fitting, key=len)] or "")
    return ""


def _said_word(request: InboundRequest, root: Node) -> str:
    words: Iterator[str] = iter(
        (request.event_hint, root.line("event"), request.headers.get(EVENT_HEADER, ""))
    )
    return next((word for word in words if word.strip()), "")


def _settled(root: Node, fields: Node, key: tuple[str, str], said: str) -> ErpDocument:
    doctype, name = key
    status, is_milestone = fields.line("status"), fields.flag("is_milestone")
    kind = said or STATUS_KINDS.get((doctype, status)) or _plain_kind(doctype)
    contradiction = find_contradiction(kind, doctype, status)
    if kind == MILESTONE and is_milestone is False:
        contradiction = contradiction or NO_MILESTONE
    is_both = kind == "task.completed" and bool(is_milestone)
    return ErpDocument(
        doctype=doctype,
        name=name,
        fields=fields,
        project_name=root.line("project_name") or fields.line("project_name"),
        kinds=(MILESTONE, kind) if is_both else (kind,),
        is_said=bool(said),
        contradiction=contradiction,
    )


def _plain_kind(doctype: str) -> str:
    return "comment.added" if doctype == COMMENT else CHANGED
