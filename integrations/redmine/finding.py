"""Issues and users as they are in Redmine now."""

import re

from hub.contracts import DeliveryError, JSONObject, JSONValue, SourceView
from hub.tickets import Account, Ticket, TicketAddress
from integrations.redmine.client import ADVICE, find_users, load_issue
from integrations.redmine.reading import as_object, is_number, read_time, write_time

NUMBER = re.compile(r"#(\d{1,18})\Z")
ONLY_ADMINISTRATORS = (
    "Redmine shows its users to administrators only: link people by hand, or give the hub the key "
    "of an administrator"
)


def find_ticket(source: SourceView, address: TicketAddress) -> Ticket | None:
    """None when it is not there; what the key's user may not see is an error.

    Raises DeliveryError.
    """
    issue_id = address.external_id or _number_of(address.display)
    if not is_number(issue_id):
        return None
    try:
        return ticket_of(source, load_issue(source, issue_id))
    except DeliveryError as error:
        if error.status_code == 404:
            return None
        raise error.reworded(ADVICE.get(error.status_code, str(error))) from error


def find_account(source: SourceView, email: str) -> Account | None:
    """The active user with exactly this address. Raises DeliveryError."""
    wanted = email.strip().casefold()
    if not wanted:
        return None
    try:
        users = find_users(source, wanted)
    except DeliveryError as error:
        if error.status_code != 403:
            raise
        raise error.reworded(ONLY_ADMINISTRATORS) from error
    fitting = (one for one in users if text_of(one.get("mail")).casefold() == wanted)
    return next(map(account_of, fitting), None)


def account_of(user: JSONObject) -> Account:
    name = f"{text_of(user.get('firstname'))} {text_of(user.get('lastname'))}".strip()
    login = text_of(user.get("login"))
    return Account(text_of(user.get("id")), login, text_of(user.get("mail")), name or login)


def ticket_of(source: SourceView, issue: JSONObject) -> Ticket:
    issue_id, prefix = text_of(issue.get("id")), source.options.get("prefix")
    details = (("Project", name_of(issue, "project")), ("Tracker", name_of(issue, "tracker")))
    return Ticket(
        external_id=issue_id,
        display=f"{prefix.strip()[:50] if isinstance(prefix, str) else ''}#{issue_id}",
        title=text_of(issue.get("subject")),
        url=f"{source.base_url}/issues/{issue_id}" if source.base_url else "",
        status=name_of(issue, "status"),
        priority=name_of(issue, "priority"),
        owner=name_of(issue, "assigned_to"),
        customer=name_of(issue, "author"),
        is_closed=as_object(issue.get("status")).get("is_closed") is True,
        is_private=issue.get("is_private") is True,
        created_marker=write_time(read_time(text_of(issue.get("created_on")))),
        updated_at=read_time(text_of(issue.get("updated_on"))),
        fields=tuple((label, value) for label, value in details if value),
    )


def name_of(issue: JSONObject, field: str) -> str:
    return text_of(as_object(issue.get(field)).get("name"))


def id_of(issue: JSONObject, field: str) -> str:
    return text_of(as_object(issue.get(field)).get("id"))


def text_of(value: JSONValue) -> str:
    """Text or a number; empty for anything else."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _number_of(display: str) -> str:
    found = NUMBER.search(display.strip())
    return found[1] if found else ""
