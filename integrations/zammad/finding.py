"""Tickets and users as they are in Zammad now."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from hub.contracts import DeliveryError, JSONObject, JSONValue, SourceView
from hub.tickets import Account, Ticket, TicketAddress
from integrations.zammad.client import Call, as_number, ask, ask_list, ask_object
from integrations.zammad.inferring import CLOSED_STATES
from integrations.zammad.tickets import NOBODY_LOGIN

NUMBER = re.compile(r"\d+")
OVER_STATES = CLOSED_STATES | {"merged", "removed"}
SEARCH_ROWS = 10  # a plain search finds the number in texts as well
TICKETS, USERS = "/api/v1/tickets", "/api/v1/users"
EXPANDED = {"expand": "true"}  # names in place of ids


def find_ticket(source: SourceView, address: TicketAddress) -> Ticket | None:
    """By the id from an earlier webhook, else by searching. None when it is not there.

    Raises DeliveryError.
    """
    external_id = address.external_id or _find_id(source, address.display)
    return load_ticket(source, external_id) if external_id else None


def load_ticket(source: SourceView, external_id: str) -> Ticket | None:
    path = f"{TICKETS}/{as_number(external_id)}"
    try:
        return _ticket(source, ask_object(source, Call("GET", path, EXPANDED)))
    except DeliveryError as error:
        if error.status_code != 404:
            raise
        return None


def find_account(source: SourceView, email: str) -> Account | None:
    """The active user with exactly this address. Raises DeliveryError.

    Zammad's own search by field wants Elasticsearch; the plain one finds similar ones as well.
    """
    wanted = email.strip().casefold()
    if not wanted:
        return None
    for query in (f"email:{wanted}", wanted):
        params = EXPANDED | {"query": query, "limit": str(SEARCH_ROWS)}
        for user in ask_list(source, Call("GET", f"{USERS}/search", params)):
            if text_of(user, "email").casefold() == wanted and user.get("active") is not False:
                return account_of(user)
    return None


def account_of(user: JSONObject) -> Account:
    login, email = text_of(user, "login"), text_of(user, "email")
    name = " ".join(f"{text_of(user, 'firstname')} {text_of(user, 'lastname')}".split())
    return Account(text_of(user, "id"), login, email, name or login or email)


def is_closed(source: SourceView, state: str) -> bool:
    own = source.options.get("closed_states")
    names = own if isinstance(own, list) else [own] if own else []
    return state.lower() in OVER_STATES | {str(name).strip().lower() for name in names}


def text_of(content: JSONObject, name: str) -> str:
    """Text or a number; empty for anything else."""
    value = content.get(name)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def time_of(content: JSONObject, name: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text_of(content, name))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _find_id(source: SourceView, display: str) -> str:
    """With Elasticsearch by field, without it among all that the number is found in."""
    found = NUMBER.search(display)
    if found is None:
        return ""
    number = found[0]
    for query in (f"number:{number}", number):
        params = EXPANDED | {"query": query, "limit": str(SEARCH_ROWS)}
        content = ask(source, Call("GET", f"{TICKETS}/search", params))
        for ticket in _found_tickets(content):
            if text_of(ticket, "number") == number:
                return text_of(ticket, "id")
    return ""


def _found_tickets(content: JSONValue) -> Iterator[JSONObject]:
    """A list; in 2022 ids beside their assets, also where a list was asked for."""
    if isinstance(content, list):
        yield from (one for one in content if isinstance(one, dict))
        return
    assets = content.get("assets") if isinstance(content, dict) else None
    tickets = assets.get("Ticket") if isinstance(assets, dict) else None
    if isinstance(tickets, dict):
        yield from (one for one in tickets.values() if isinstance(one, dict))


def _ticket(source: SourceView, content: JSONObject) -> Ticket:
    ticket_id, state = text_of(content, "id"), text_of(content, "state")
    number, owner = text_of(content, "number"), text_of(content, "owner")
    created_at = time_of(content, "created_at")
    group = text_of(content, "group")
    return Ticket(
        external_id=ticket_id,
        display=f"ZD#{number}",
        title=text_of(content, "title"),
        url=f"{source.base_url}/#ticket/zoom/{ticket_id}" if source.base_url else "",
        status=state,
        priority=text_of(content, "priority"),
        owner="" if owner == NOBODY_LOGIN else owner,
        customer=text_of(content, "customer"),
        is_closed=is_closed(source, state),
        created_marker=f"{created_at:%Y-%m-%dT%H:%M:%SZ}" if created_at else "",
        updated_at=time_of(content, "updated_at"),
        fields=(("Group", group),) if group else (),
    )
