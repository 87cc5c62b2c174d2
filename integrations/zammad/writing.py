"""Writes an article to a ticket, changes the ticket, and reads back what became of it."""

from dataclasses import replace
from datetime import timedelta
from html import escape

from hub.contracts import DeliveryError, JSONObject, SourceView
from hub.markup import author_line, note_fingerprints, text_of_html, to_html
from hub.tickets import Note, Ticket, Written, fingerprint, writes_as_person
from integrations.zammad.client import Call, as_number, ask_list, ask_object, said_by_zammad
from integrations.zammad.finding import EXPANDED, TICKETS, USERS, account_of, text_of, time_of

ARTICLES = "/api/v1/ticket_articles"
STATES = "/api/v1/ticket_states"
CLOSED = "closed"
FORBIDDEN = 403
CUSTOMER_ROLE = "Customer"
CLOCKS_APART = timedelta(minutes=2)  # of the hub and of Zammad
IMPERSONATION_WORDS = ("'from'", "x-on-behalf-of", "no such user")
NO_PRIVATE = (
    "Zammad has no notes that only some agents may read: an internal one is not shown to the "
    "customer. Leave --private out"
)


def reply(source: SourceView, ticket: Ticket, note: Note) -> Written:
    """Raises DeliveryError; once the note is there, what was refused is a problem instead."""
    if note.is_private:
        raise DeliveryError(NO_PRIVATE, permanent=True)
    as_number(ticket.external_id)
    acting_as, written = _find_acting(source, note), Written()
    changes, problems = _wanted_changes(source, note)
    if note.text.strip():
        written = _find_written(source, ticket, note) or _write(source, ticket, note, acting_as)
    written = replace(written, problems=(*written.problems, *problems))
    return _change(source, ticket, changes, acting_as, written) if changes else written


def _find_acting(source: SourceView, note: Note) -> str:
    """The id of the user to write as: the person, where he may be written as and is an agent.

    What a customer writes is never internal, whatever it says.
    """
    if note.account is None or not writes_as_person(source.options):
        return ""
    person = note.account.external_id
    try:
        me = ask_object(source, Call("GET", f"{USERS}/me", EXPANDED, acting_as=person))
    except DeliveryError as error:
        if _is_impersonation_refused(error):
            return ""
        raise
    roles = me.get("roles")
    is_agent = isinstance(roles, list) and any(role != CUSTOMER_ROLE for role in roles)
    return person if text_of(me, "id") == person and is_agent else ""


def _is_impersonation_refused(error: DeliveryError) -> bool:
    said = said_by_zammad(error).lower()
    return error.status_code == FORBIDDEN and any(word in said for word in IMPERSONATION_WORDS)


def _find_written(source: SourceView, ticket: Ticket, note: Note) -> Written | None:
    """The article of an earlier try, which may have arrived though it was not answered."""
    if note.look_since is None:
        return None
    wanted, since = note_fingerprints(note), note.look_since - CLOCKS_APART
    authors = {text_of(ask_object(source, Call("GET", f"{USERS}/me")), "id")}
    authors |= {note.account.external_id} if note.account else set()
    for article in ask_list(source, Call("GET", f"{ARTICLES}/by_ticket/{ticket.external_id}")):
        created_at = time_of(article, "created_at")
        if (
            created_at is not None
            and created_at >= since
            and text_of(article, "created_by_id") in authors
            and text_of(article, "id") not in note.known_ids
            and fingerprint(article_text(article)) in wanted
        ):
            return replace(_written(article, note), was_there=True)
    return None


def _write(source: SourceView, ticket: Ticket, note: Note, acting_as: str) -> Written:
    """Zammad shows an article to the customer unless it is told not to."""
    body = to_html(note.text)
    article: JSONObject = {
        "ticket_id": as_number(ticket.external_id),
        "body": body if acting_as else _named(note, body),
        "content_type": "text/html",
        "type": "note",
        "sender": "Agent",
        "internal": not note.is_public,
    }
    stored = ask_object(source, Call("POST", ARTICLES, json=article, acting_as=acting_as))
    written, corrections = _written(stored, note), JSONObject()
    if acting_as and not written.written_as:
        corrections["body"] = _named(note, body)
    if stored.get("internal") is not article["internal"]:
        corrections["internal"] = article["internal"]
    return _correct(source, written, corrections) if corrections else written


def _correct(source: SourceView, written: Written, corrections: JSONObject) -> Written:
    """Zammad stored something else than it was told: under another name, or for other readers."""
    path = f"{ARTICLES}/{written.note_id}"
    try:
        ask_object(source, Call("PUT", path, json=corrections))
    except DeliveryError as error:
        sentence = f"The note is there, but stands under another name or is open to others: {error}"
        return replace(written, problems=(*written.problems, sentence))
    return written


def _named(note: Note, body: str) -> str:
    return f"<p>{escape(author_line(note.author_name))}</p>\n{body}"


def _written(article: JSONObject, note: Note) -> Written:
    account = note.account
    is_person = account is not None and text_of(article, "created_by_id") == account.external_id
    return Written(
        note_id=text_of(article, "id"),
        written_as=(account.login or account.email) if account and is_person else "",
    )


def article_text(article: JSONObject) -> str:
    body = text_of(article, "body")
    return body if article.get("content_type") == "text/plain" else text_of_html(body)


def _wanted_changes(source: SourceView, note: Note) -> tuple[JSONObject, tuple[str, ...]]:
    """The fields to change, and what cannot be changed."""
    changes: JSONObject = {}
    problems: tuple[str, ...] = ()
    state = note.status or (CLOSED if note.is_closing else "")
    if state:
        names = _fetch_states(source) or [state]
        known = next((name for name in names if name.casefold() == state.casefold()), "")
        changes |= {"state": known} if known else {}
        if not known:
            problems = (f"Zammad has no state “{state}”. It has {', '.join(names)}",)
    if note.assignee is not None:
        changes["owner_id"] = as_number(note.assignee.external_id)
    return changes, problems


def _fetch_states(source: SourceView) -> list[str]:
    """Their names; none where the token may not see them, and Zammad has to judge by itself."""
    try:
        states = ask_list(source, Call("GET", STATES, EXPANDED))
    except DeliveryError as error:
        if error.status_code != FORBIDDEN:
            raise
        return []
    return [text_of(one, "name") for one in states if one.get("active") is not False]


def _change(
    source: SourceView, ticket: Ticket, changes: JSONObject, acting_as: str, written: Written
) -> Written:
    """In a call of its own: a state that Zammad refuses must not take the note with it.

    A failure that may pass is raised all the same, so that the next try looks for the note first.
    """
    path = f"{TICKETS}/{ticket.external_id}"
    try:
        ask_object(source, Call("PUT", path, json=changes, acting_as=acting_as))
        after = ask_object(source, Call("GET", path, EXPANDED))
        return _read_back(source, after, changes, written)
    except DeliveryError as error:
        if not written.note_id:
            raise
        sentence = f"The note is there, but the ticket was not changed: {error}"
        if not error.permanent:
            raise error.reworded(sentence, is_fate_unknown=True) from error
    return replace(written, problems=(*written.problems, sentence))


def _read_back(
    source: SourceView, after: JSONObject, changes: JSONObject, written: Written
) -> Written:
    """Zammad takes an owner who is no agent of the group, and then sets nobody."""
    state, problems = text_of(after, "state"), list(written.problems)
    wanted_state, wanted_owner = changes.get("state"), changes.get("owner_id")
    if wanted_state is not None and state != wanted_state:
        problems.append(f"The ticket is “{state}” and not “{wanted_state}”")
    if wanted_owner is not None and text_of(after, "owner_id") != str(wanted_owner):
        problems.append("Zammad did not assign the ticket: is this person an agent of its group?")
    return replace(
        written,
        status=state if wanted_state is not None else "",
        assignee=_owner_name(source, after) if wanted_owner is not None else "",
        problems=tuple(problems),
    )


def _owner_name(source: SourceView, ticket: JSONObject) -> str:
    owner_id = text_of(ticket, "owner_id")
    if owner_id in ("", "1"):
        return ""
    user = ask_object(source, Call("GET", f"{USERS}/{owner_id}", EXPANDED))
    return account_of(user).name
