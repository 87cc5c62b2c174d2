"""Writes a note to an issue, changes the issue, and reads back what became of it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from hub.contracts import DeliveryError, JSONObject, SourceView
from hub.tickets import Note, Ticket, Written, fingerprint, writes_as_person
from integrations.redmine.client import (
    ADVICE,
    errors_in,
    fetch_list,
    fetch_user,
    load_issue,
    update_issue,
)
from integrations.redmine.finding import id_of, name_of, text_of
from integrations.redmine.markup import note_body
from integrations.redmine.reading import as_object, is_number, read_time

CLOCKS_APART = timedelta(minutes=2)  # of the hub and of Redmine
USUAL_CLOSED = "Closed"
UNKNOWN_USER = 412
INVALID = 422
NO_PUBLIC = "In Redmine everybody who sees an issue reads its notes: leave --public out"
NO_NUMBER = "Redmine knows its issues and users by number only: “{}” is none"
NOT_STORED = "Redmine answered “done” and did not store the note: may {} write notes there?"
NOT_PRIVATE = "The note is not private: {} may not make notes private in this project"


@dataclass(frozen=True, slots=True)
class _Acting:
    """Who writes. `login` is empty for the user of the key, and then the text names the person."""

    user_id: str
    name: str
    login: str = ""


@dataclass(frozen=True, slots=True)
class _Changes:
    """What the issue is to become; ids, empty for what stays. `problems`: what it cannot become."""

    status_id: str = ""
    assignee_id: str = ""
    problems: tuple[str, ...] = ()

    def as_json(self) -> JSONObject:
        wanted = {"status_id": self.status_id, "assigned_to_id": self.assignee_id}
        return {name: int(value) for name, value in wanted.items() if value}


def reply(source: SourceView, ticket: Ticket, note: Note) -> Written:
    """Raises DeliveryError; once the note is there, what was refused is a problem instead."""
    _refuse_impossible(ticket, note)
    found = None
    try:
        acting = _find_acting(source, note)
        issue = load_issue(source, ticket.external_id, acting.login, "journals,allowed_statuses")
        changes = _wanted_changes(source, note, issue)
        found = _find_written(issue, source, note, acting)
        problems = _update(source, ticket, (note, found), acting, changes)
    except DeliveryError as error:
        is_unknown = error.is_fate_unknown or found is not None  # look for it the next time, too
        raise error.reworded(_explained(error), is_fate_unknown=is_unknown) from error
    try:
        after = load_issue(source, ticket.external_id, acting.login, "journals")
    except DeliveryError as error:
        raise error.reworded(str(error), permanent=False, is_fate_unknown=True) from error
    written = found or _read_note(source, after, note, acting, _last_journal_id(issue))
    problems = (*written.problems, *changes.problems, *problems)
    return _read_changes(after, changes, replace(written, problems=problems))


def _refuse_impossible(ticket: Ticket, note: Note) -> None:
    if note.is_public:
        raise DeliveryError(NO_PUBLIC, permanent=True)
    numbers = [ticket.external_id, *([note.assignee.external_id] if note.assignee else [])]
    for number in numbers:
        if not is_number(number):
            raise DeliveryError(NO_NUMBER.format(number[:50]), permanent=True)


def _find_acting(source: SourceView, note: Note) -> _Acting:
    """Asked beforehand: the key of an ordinary user writes under its own name, without a word.

    A private note is the hub's own: of a person who may make none private, Redmine makes it public.
    """
    account = None if note.is_private else note.account
    if account is not None and account.login and writes_as_person(source.options):
        try:
            user = fetch_user(source, account.login)
        except DeliveryError as error:
            if error.status_code != UNKNOWN_USER:
                raise
            user = {}
        if user and text_of(user.get("id")) == account.external_id:
            return _Acting(account.external_id, account.login, account.login)
    user = fetch_user(source)
    return _Acting(text_of(user.get("id")), text_of(user.get("login")) or "the hub's user")


def _explained(error: DeliveryError) -> str:
    said = errors_in(error)
    return ADVICE.get(error.status_code) or (f"{error}: {said}" if said else str(error))


def _find_written(
    issue: JSONObject, source: SourceView, note: Note, acting: _Acting
) -> Written | None:
    """The note of an earlier try, which may have arrived though it was not answered."""
    if note.look_since is None or not note.text.strip():
        return None
    since = (note.look_since - CLOCKS_APART).replace(microsecond=0)
    for journal in _journals_of(issue, source, note, acting):
        created_at = read_time(text_of(journal.get("created_on")))
        is_known = text_of(journal.get("id")) in note.known_ids
        if created_at is not None and created_at >= since and not is_known:
            return replace(_written(journal, note), was_there=True)
    return None


def _journals_of(
    issue: JSONObject, source: SourceView, note: Note, acting: _Acting
) -> Iterable[JSONObject]:
    """Those with this text by this author, the newest first."""
    bodies = (note_body(source, note.text), note_body(source, note.text, note.author_name))
    wanted = {fingerprint(body) for body in bodies}
    authors = {acting.user_id, *([note.account.external_id] if note.account else [])}
    journals = issue.get("journals")
    for journal in reversed(journals if isinstance(journals, list) else []):
        one = as_object(journal)
        if id_of(one, "user") in authors and fingerprint(text_of(one.get("notes"))) in wanted:
            yield one


def _wanted_changes(source: SourceView, note: Note, issue: JSONObject) -> _Changes:
    assignee_id = note.assignee.external_id if note.assignee else ""
    is_closed = as_object(issue.get("status")).get("is_closed") is True
    if not note.status and (not note.is_closing or is_closed):
        return _Changes(assignee_id=assignee_id)
    if note.status.casefold() == name_of(issue, "status").casefold():
        return _Changes(id_of(issue, "status"), assignee_id)
    allowed = _allowed_statuses(source, issue)
    found = _named(allowed, note.status) if note.status else _closed_one(source, allowed)
    if found is not None:
        return _Changes(text_of(found.get("id")), assignee_id)
    wanted = f"to “{note.status}”" if note.status else "to a closed status"
    names = ", ".join(text_of(one.get("name")) for one in allowed) or "none"
    problem = (
        f"Redmine allows no change from “{name_of(issue, 'status')}” {wanted}; allowed: {names}"
    )
    return _Changes("", assignee_id, (problem,))


def _allowed_statuses(source: SourceView, issue: JSONObject) -> list[JSONObject]:
    """For the user who writes. Before 5.0 Redmine does not say, and reading back has to show it."""
    allowed = issue.get("allowed_statuses")
    if isinstance(allowed, list):
        return [one for one in allowed if isinstance(one, dict)]
    return fetch_list(source, "status")


def _named(statuses: Iterable[JSONObject], name: str) -> JSONObject | None:
    wanted = name.casefold()
    return next((one for one in statuses if text_of(one.get("name")).casefold() == wanted), None)


def _closed_one(source: SourceView, allowed: list[JSONObject]) -> JSONObject | None:
    """The one that the option names, else “Closed”, else the first that counts as closed."""
    named = str(source.options.get("closed_status") or USUAL_CLOSED)
    closed = [one for one in allowed if one.get("is_closed") is True]
    return _named(allowed, named) or next(iter(closed), None)


def _update(
    source: SourceView,
    ticket: Ticket,
    told: tuple[Note, Written | None],
    acting: _Acting,
    changes: _Changes,
) -> tuple[str, ...]:
    """In one call. If Redmine refuses a change, the note goes alone.

    Returns what was refused.
    """
    note, found = told
    fields: JSONObject = changes.as_json()
    text: JSONObject = {}
    if note.text.strip() and found is None:
        author = "" if acting.login else note.author_name
        text = {"notes": note_body(source, note.text, author), "private_notes": note.is_private}
    if not fields and not text:
        return ()
    try:
        update_issue(source, ticket.external_id, text | fields, acting.login)
    except DeliveryError as error:
        if error.status_code != INVALID or not fields or not (text or found):
            raise
        if text:
            update_issue(source, ticket.external_id, text, acting.login)
        return (f"Redmine refused the change: {errors_in(error) or error}",)
    return ()


def _read_note(
    source: SourceView, after: JSONObject, note: Note, acting: _Acting, last_id: int
) -> Written:
    if not note.text.strip():
        return Written()
    for journal in _journals_of(after, source, note, acting):
        if int(text_of(journal.get("id")) or 0) > last_id:
            written = _written(journal, note)
            if note.is_private and journal.get("private_notes") is not True:
                return replace(written, problems=(NOT_PRIVATE.format(acting.name),))
            return written
    raise DeliveryError(NOT_STORED.format(acting.name), permanent=True)


def _written(journal: JSONObject, note: Note) -> Written:
    account = note.account
    is_person = account is not None and id_of(journal, "user") == account.external_id
    return Written(
        note_id=text_of(journal.get("id")),
        written_as=account.login if account and is_person else "",
    )


def _read_changes(after: JSONObject, changes: _Changes, written: Written) -> Written:
    """Redmine leaves out what the user may not change, and says nothing."""
    status, assignee = name_of(after, "status"), name_of(after, "assigned_to")
    problems = list(written.problems)
    is_told = len(problems) > len(changes.problems)
    if changes.status_id and id_of(after, "status") != changes.status_id and not is_told:
        problems.append(f"The issue is still “{status}”: the workflow does not allow the change")
    if changes.assignee_id and id_of(after, "assigned_to") != changes.assignee_id and not is_told:
        problems.append("Redmine did not assign the issue: is this person a member of the project?")
    is_status_asked = bool(changes.status_id or changes.problems)
    return replace(
        written,
        status=status if is_status_asked else "",
        assignee=assignee if changes.assignee_id else "",
        problems=tuple(problems),
    )


def _last_journal_id(issue: JSONObject) -> int:
    journals = issue.get("journals")
    ids = (
        [text_of(as_object(one).get("id")) for one in journals if one]
        if isinstance(journals, list)
        else []
    )
    return max((int(one) for one in ids if is_number(one)), default=0)
