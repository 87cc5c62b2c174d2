"""ERPNext's webhook: recognised and proven in the request, understood in the drain."""

import hashlib
from collections.abc import Mapping

from hub import signatures
from hub.contracts import (
    Actor,
    ExternalReference,
    Identity,
    InboundRequest,
    JSONValue,
    ParsedEvent,
    PayloadError,
    SourceView,
)
from hub.markup import text_of_html, without_author_line
from integrations.erpnext import kinds
from integrations.erpnext.documents import ErpDocument, desk_url, read_document
from integrations.erpnext.fields import read_data, read_title
from integrations.erpnext.reading import Node, zone_of

NO_OPTIONS: Mapping[str, JSONValue] = {}
HASH_CHARS = 16
MAX_NOTE_CHARS = 1_000_000  # of HTML; a note from Mattermost has 16,383 characters at most
DELETED = "document.deleted"
OWN_ECHO = "the hub's own change came back"
ECHOES = frozenset(("comment.added", kinds.CHANGED))
NO_COMMENT = "it is an entry that ERPNext made itself, and not a comment"


def verify(request: InboundRequest, secret: str) -> None:
    """Base64 HMAC-SHA256 over the raw body. Raises VerificationError."""
    given = request.headers.get("x-frappe-webhook-signature", "")
    signatures.check_hmac_base64(given, secret=secret, body=request.body)


def sign(request: InboundRequest, secret: str) -> Mapping[str, str]:
    """As Frappe signs."""
    made = signatures.make_hmac_base64(secret=secret, body=request.body)
    return {"x-frappe-webhook-signature": made}


def identify(request: InboundRequest) -> Identity:
    """ERPNext sends no delivery id: the fact itself is the key.

    Raises PayloadError only for what is not JSON.
    """
    body = request.json()
    try:
        document = read_document(request, body, NO_OPTIONS)
        return Identity(_fact_key(document, request.body), _display(document)[:100])
    except PayloadError:
        return Identity()


def parse(request: InboundRequest, source: SourceView) -> ParsedEvent:
    """Pure. Raises PayloadError with the place of the first surprise."""
    document = read_document(request, request.json(), source.options)
    zone = zone_of(source.options)
    reference = _reference(document)
    kind, title = document.kinds[0], read_title(document)
    data = read_data(document, zone)
    project = str(data["project"])
    keys = [memory_key(reference.external_id)]
    if project and document.doctype != "Project":
        keys.append(memory_key(f"Project/{project}"))
    return ParsedEvent(
        kinds=document.kinds,
        title=title or reference.display,
        reference=reference,
        url=_url(document, source),
        actor=_actor(document),
        severity=kinds.SEVERITIES.get(kind, "info"),
        data={**data, "has_title": bool(title), "is_concluded": not document.is_said},
        changed=kinds.CHANGED_FIELDS.get(kind, ()),
        ignored_because=_ignored_because(document, source),
        state_keys=tuple(keys),
        note_id=document.name if document.is_comment else "",
        note_text=_note_text(document),
    )


def memory_key(external_id: str) -> str:
    """SourceState row: what was last known of a document."""
    return f"document:{external_id}"


def _fact_key(document: ErpDocument, body: bytes) -> str | None:
    """The same fact has the same key, whether a webhook or the hub's own look brought it.

    What is overdue is told once a deadline (and sum): ERPNext repeats it daily. None without
    anything to go by: what has the same body within ten minutes is then the same.
    """
    kind, fields, name = document.kinds[0], document.fields, document.name
    if kind == "invoice.overdue":
        due, owed = fields.second("due_date"), fields.number("outstanding_amount")
        return f"{kind}:{name}:{due}:{float(owed)}" if due and not isinstance(owed, str) else None
    if kind == "task.overdue" and document.is_said:
        due = fields.second("exp_end_date")
        return f"{kind}:{name}:{due}" if due else None
    modified = fields.second("modified")
    if not modified:
        return None
    if document.is_said and kind != kinds.CHANGED:
        return f"{kind}:{name}:{modified}"
    digest = hashlib.sha256(body).hexdigest()[:HASH_CHARS]
    return f"{document.doctype}:{name}:{modified}:{digest}"


def _about(document: ErpDocument) -> tuple[str, str]:
    """DocType and name of what the news is about: of a comment, the document it stands under."""
    fields = document.fields
    if document.is_comment and fields.text("reference_name"):
        return fields.line("reference_doctype"), fields.line("reference_name")
    return document.doctype, document.name


def _display(document: ErpDocument) -> str:
    return _about(document)[1]


def _reference(document: ErpDocument) -> ExternalReference:
    doctype, name = _about(document)
    is_own = name == document.name
    return ExternalReference(
        external_id=f"{doctype}/{name}" if doctype else name,
        display=name,
        created_marker=document.fields.second("creation") if is_own else "",
    )


def _url(document: ErpDocument, source: SourceView) -> str:
    """A deleted document has none."""
    return "" if DELETED in document.kinds else desk_url(source, *_about(document))


def _note_text(document: ErpDocument) -> str:
    """As a comment of the hub is recognised by; nothing of other documents."""
    if not document.is_comment:
        return ""
    return without_author_line(text_of_html(document.fields.text("content", MAX_NOTE_CHARS)))


def _actor(document: ErpDocument) -> Actor | None:
    """None where time did it. ERPNext names people by their e-mail address."""
    kind, fields = document.kinds[0], document.fields
    if kind in kinds.TIMED_KINDS:
        return None
    if kind == "comment.added":
        return _person(fields, "comment_email", "owner", name=fields.line("comment_by"))
    if kind == "document.created":
        return _person(fields, "owner")
    completed_by = ("completed_by",) if "task.completed" in document.kinds else ()
    return _person(fields, *completed_by, "modified_by", "owner")


def _person(fields: Node, *candidates: str, name: str = "") -> Actor | None:
    login = next((one for field in candidates if (one := fields.line(field))), "")
    if not login and not name:
        return None
    return Actor(name or login, login, login if "@" in login else "")


def _ignored_because(document: ErpDocument, source: SourceView) -> str:
    fields, kind = document.fields, document.kinds[0]
    if document.is_comment and fields.line("comment_type") not in ("", "Comment"):
        return NO_COMMENT
    own_login = str(source.options.get("own_login") or "").strip().lower()
    writer = fields.line("owner" if document.is_comment else "modified_by").lower()
    if own_login and writer == own_login and kind in ECHOES:
        return OWN_ECHO
    return document.contradiction
