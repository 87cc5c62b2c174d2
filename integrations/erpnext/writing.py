"""Comments on a document, changes its status and who it is for, and reads back what became of it.

The desk shows a comment under the user of the key, whatever `comment_by` says (v13 and later), so
the text always names the person.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from html import escape

from hub.contracts import DeliveryError, HttpResponse, JSONObject, SourceView
from hub.markup import author_line, note_fingerprints, text_of_html, to_html
from hub.tickets import Note, Ticket, Written, fingerprint, writes_as_person
from integrations.erpnext.client import Call, Query, call, fetch_all, fetch_user
from integrations.erpnext.finding import document_path, load_document, site_time, split_id
from integrations.erpnext.kinds import CLOSING, COMPUTED_STATUSES, STATUSES
from integrations.erpnext.reading import Node, day_in, zone_of

ADD_COMMENT = "/api/method/frappe.desk.form.utils.add_comment"
ASSIGN = "/api/method/frappe.desk.form.assign_to.add"
CLOCKS_APART = timedelta(minutes=2)  # of the hub and of the site
ZONES_APART = timedelta(hours=14)  # more, where the option `zone` does not say how many
FORBIDDEN = 403
NO_AUDIENCE = "Comments in ERPNext are for its users, all of them: leave --public and --private out"
NO_DOCTYPE = "The hub does not know what sort of document {} is"
NO_LOOK = (
    "An earlier try may have written this comment, and the hub's user may not read comments: look "
    "at the document, and give the role of this user the right to read Comment"
)


@dataclass(frozen=True, slots=True)
class _Target:
    doctype: str
    name: str


def reply(source: SourceView, ticket: Ticket, note: Note) -> Written:
    """Raises DeliveryError; once the comment is there, what was refused is a problem instead."""
    if note.is_public or note.is_private:
        raise DeliveryError(NO_AUDIENCE, permanent=True)
    target = _Target(*split_id(ticket.external_id))
    if not target.doctype:
        raise DeliveryError(NO_DOCTYPE.format(target.name), permanent=True)
    status, written = _wanted_status(target.doctype, note), Written()
    if note.text.strip():
        user = fetch_user(source)
        written = _find_written(source, target, note, user) or _write(source, target, note, user)
    if not status and note.assignee is None:
        return written
    return _change(source, target, note, status, written)


def _wanted_status(doctype: str, note: Note) -> str:
    """Empty where it stays. Raises DeliveryError for what ERPNext decides by itself."""
    if not note.status and not note.is_closing:
        return ""
    if doctype in COMPUTED_STATUSES:
        sentence = f"ERPNext works out the status of a {doctype} by itself: it cannot be set"
        raise DeliveryError(sentence, permanent=True)
    if not note.status:
        if doctype not in CLOSING:
            sentence = f"The hub does not know what closes a {doctype}: say it with --status"
            raise DeliveryError(sentence, permanent=True)
        return CLOSING[doctype]
    known = STATUSES.get(doctype, frozenset())
    wanted = note.status.casefold()
    return next((one for one in known if one.casefold() == wanted), note.status)


def _find_written(source: SourceView, target: _Target, note: Note, user: str) -> Written | None:
    """The comment of an earlier try, which may have arrived though it was not answered."""
    if note.look_since is None:
        return None
    wanted, zone = note_fingerprints(note), zone_of(source.options)
    since = note.look_since - (CLOCKS_APART if source.options.get("zone") else ZONES_APART)
    for comment in _fetch_comments(source, target, user):
        created_at = site_time(str(comment.get("creation") or ""), zone)
        if (
            created_at is not None
            and created_at >= since
            and comment.get("name") not in note.known_ids
            and fingerprint(text_of_html(str(comment.get("content") or ""))) in wanted
        ):
            return replace(_written(comment, note), was_there=True)
    return None


def _fetch_comments(source: SourceView, target: _Target, user: str) -> list[JSONObject]:
    query = Query(
        "Comment",
        ("name", "creation", "content", "comment_email"),
        (
            ("reference_doctype", "=", target.doctype),
            ("reference_name", "=", target.name),
            ("comment_type", "=", "Comment"),
            ("owner", "=", user),
        ),
        order="creation desc",
    )
    try:
        return fetch_all(source, query)[0]
    except DeliveryError as error:
        if error.status_code != FORBIDDEN:
            raise
        raise error.reworded(NO_LOOK, is_fate_unknown=True) from error


def _write(source: SourceView, target: _Target, note: Note, user: str) -> Written:
    """Needs only the right to read the document."""
    account = note.account if writes_as_person(source.options) else None
    line = escape(author_line(note.author_name))
    comment: JSONObject = {
        "reference_doctype": target.doctype,
        "reference_name": target.name,
        "content": f"<p>{line}</p>\n{to_html(note.text)}",
        "comment_email": account.email if account and account.email else user,
        "comment_by": account.name if account and account.email else user,
    }
    stored = _message_of(call(source, Call("POST", ADD_COMMENT, json=comment)))
    return _written(stored, note)


def _message_of(answer: HttpResponse) -> JSONObject:
    """The comment may be there whatever was answered."""
    try:
        content = answer.json()
    except DeliveryError as error:
        raise error.reworded(str(error), is_fate_unknown=True) from error
    message = content.get("message") if isinstance(content, dict) else None
    if not isinstance(message, dict) or not message.get("name"):
        raise DeliveryError("ERPNext's answer names no comment", is_fate_unknown=True)
    return message


def _written(comment: JSONObject, note: Note) -> Written:
    email = note.account.email if note.account else ""
    is_person = bool(email) and str(comment.get("comment_email") or "") == email
    return Written(note_id=str(comment.get("name") or ""), written_as=email if is_person else "")


def _change(
    source: SourceView, target: _Target, note: Note, status: str, written: Written
) -> Written:
    """Each in a call of its own: what is refused must not take the rest with it.

    A failure that may pass is raised all the same, so that the next try looks for the comment.
    """
    problems = list(written.problems)
    assignee = note.assignee.external_id or note.assignee.email if note.assignee else ""
    try:
        if status:
            problems += _refused(lambda: _set_status(source, target, note, status))
        if assignee:
            problems += _refused(lambda: _assign(source, target, assignee))
        after = load_document(source, target.doctype, target.name) or {}
    except DeliveryError as error:
        is_unknown = error.is_fate_unknown or bool(written.note_id)
        raise error.reworded(str(error), is_fate_unknown=is_unknown) from error
    return _read_back(after, (status, assignee), replace(written, problems=tuple(problems)))


def _refused(change: Callable[[], object]) -> list[str]:
    """What ERPNext says against the change, if it does. Raises DeliveryError for what may pass."""
    try:
        change()
    except DeliveryError as error:
        if not error.permanent:
            raise
        return [str(error)]
    return []


def _set_status(source: SourceView, target: _Target, note: Note, status: str) -> None:
    fields: JSONObject = {"status": status}
    if target.doctype == "Task" and status == CLOSING["Task"]:
        fields["completed_on"] = f"{day_in(zone_of(source.options), datetime.now(UTC))}"
        if note.account is not None and note.account.email:
            fields["completed_by"] = note.account.email
    call(source, Call("PUT", document_path(target.doctype, target.name), json=fields))


def _assign(source: SourceView, target: _Target, email: str) -> None:
    """Once more for the same person changes nothing."""
    assignment: JSONObject = {
        "assign_to": json.dumps([email]),
        "doctype": target.doctype,
        "name": target.name,
        "description": target.name,
    }
    call(source, Call("POST", ASSIGN, json=assignment))


def _read_back(after: JSONObject, wanted: tuple[str, str], written: Written) -> Written:
    status, assignee = wanted
    now, assignees = str(after.get("status") or ""), Node(after).addresses("_assign")
    problems = list(written.problems)
    if status and now != status and not problems:
        problems.append(f"The document is “{now}” and not “{status}”")
    is_assigned = assignee.casefold() in {one.casefold() for one in assignees}
    if assignee and not is_assigned and not problems:
        problems.append(f"ERPNext did not assign the document to {assignee}")
    return replace(
        written,
        status=now if status else "",
        assignee=assignee if is_assigned else "",
        problems=tuple(problems),
    )
