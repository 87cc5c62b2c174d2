"""A Zammad request read into typed records: the default payload and custom ones alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from hub.contracts import InboundRequest, JSONObject, PayloadError
from hub.markup import text_of_html, without_author_line
from integrations.zammad.plaintext import html_to_text, shorten, tidy
from integrations.zammad.reading import UNKNOWN_VARIABLE, Node

NOBODY_LOGIN = "-"  # of user 1: the system, and the owner of what nobody owns
NOBODY_ID = "1"
MAX_TITLE_CHARS = 250
MAX_NOTE_CHARS = 1_000_000  # of HTML; a note from Mattermost has 16,383 characters at most
MAX_CHANGE_COUNT = 20
MAX_CHANGE_CHARS = 200
MAX_ATTACHMENT_COUNT = 20
SLA_FIELDS: Mapping[str, str] = {  # of equal deadlines the last counts
    "close_escalation_at": "solution",
    "update_escalation_at": "update",
    "first_response_escalation_at": "first response",
}


@dataclass(frozen=True, slots=True)
class ZammadPerson:
    """All empty: nobody, or the system."""

    name: str = ""
    login: str = ""
    email: str = ""
    is_vip: bool = False


@dataclass(frozen=True, slots=True)
class ZammadTicket:
    id: str
    number: str
    title: str
    state: str
    priority: str
    group: str
    owner: ZammadPerson
    customer: ZammadPerson
    created_by: ZammadPerson
    updated_by: ZammadPerson
    organization: str
    is_vip: bool
    article_count: int | None
    created_at: datetime | None
    updated_at: datetime | None
    closed_at: datetime | None
    pending_until: datetime | None
    escalation_at: datetime | None
    has_no_deadline: bool  # it says so, as against leaving it out
    sla_kind: str

    @property
    def display(self) -> str:
        """As people quote it; a custom payload may have left out the number."""
        return f"ZD#{self.number}" if self.number else f"ticket {self.id}"


@dataclass(frozen=True, slots=True)
class ZammadArticle:
    """The one article that came with a request; all empty when none did."""

    id: str
    type: str
    sender: str
    author: str  # as its e-mail header says: Jet Vos <jet@klant.example.test>
    created_by: ZammadPerson
    created_at: datetime | None
    is_internal: bool
    text: str
    whole_text: str  # not shortened
    attachment_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ZammadNews:
    """One request. `changes` are lines such as `Priority: 2 normal -> 3 high`."""

    ticket: ZammadTicket
    article: ZammadArticle
    changes: tuple[str, ...]
    link: str
    broken_variables: tuple[str, ...]


def read_body(request: InboundRequest) -> JSONObject:
    """A body about a ticket, in whatever form. Raises PayloadError for every other one."""
    body = request.json()
    if not isinstance(body, dict):
        raise PayloadError("the body is not a JSON object")
    _refuse_other_bodies(body)
    return body


def read_news(body: JSONObject, raw: bytes) -> ZammadNews:
    """Raises PayloadError with the place of the first surprise."""
    root = Node(body)
    return ZammadNews(
        ticket=_read_ticket(root.node("ticket")),
        article=_read_article(root.node("article")),
        changes=_changes(root.text("changes")),
        link=root.text("link"),
        broken_variables=_broken_variables(raw),
    )


def _refuse_other_bodies(body: JSONObject) -> None:
    """Three bodies that are no ticket each have a cause that the admin can remove."""
    if body.keys() == {"error"}:
        raise PayloadError(
            "Zammad could not fill in the custom payload of its webhook and sent this error "
            f"instead: “{str(body['error'])[:200]}”. The payload has to be corrected in Zammad",
            "error",
        )
    if "ticket" in body:
        return
    if "attachments" in body and "text" in body:
        raise PayloadError(
            "this is Zammad's pre-defined webhook for chat systems: choose “New webhook” in "
            "Zammad, which sends the ticket itself",
            "ticket",
        )
    raise PayloadError("the body has no ticket", "ticket")


def _read_ticket(node: Node) -> ZammadTicket:
    organization, customer = node.value.get("organization"), read_person(node, "customer")
    is_vip = isinstance(organization, dict) and node.node("organization").flag("vip")
    escalation_at, sla_kind = _deadline(node)
    return ZammadTicket(
        id=_ticket_id(node),
        number=node.line("number"),
        title=shorten(node.line("title"), MAX_TITLE_CHARS),
        state=node.name_of("state"),
        priority=node.name_of("priority"),
        group=node.name_of("group"),
        owner=read_person(node, "owner"),
        customer=customer,
        created_by=read_person(node, "created_by"),
        updated_by=read_person(node, "updated_by"),
        organization=node.name_of("organization"),
        is_vip=is_vip or customer.is_vip,
        article_count=node.count("article_count"),
        created_at=node.time("created_at"),
        updated_at=node.time("updated_at"),
        closed_at=node.time("last_close_at") or node.time("close_at"),
        pending_until=node.time("pending_time"),
        escalation_at=escalation_at,
        has_no_deadline="escalation_at" in node.value and escalation_at is None,
        sla_kind=sla_kind,
    )


def _ticket_id(node: Node) -> str:
    number = node.count("id")
    if number is None:
        raise node.surprise("id", "is missing")
    return str(number)


def _deadline(node: Node) -> tuple[datetime | None, str]:
    """When it escalates, and which of the three agreements would then be broken."""
    deadlines = {
        moment: sla_kind
        for name, sla_kind in SLA_FIELDS.items()
        if (moment := node.time(name)) is not None
    }
    escalation_at = node.time("escalation_at")
    if escalation_at is None and "escalation_at" not in node.value:
        escalation_at = min(deadlines, default=None)
    return escalation_at, deadlines.get(escalation_at, "") if escalation_at else ""


def read_person(node: Node, name: str) -> ZammadPerson:
    """`{"login": …}` in the default payload; a name or login, with siblings, in a custom one."""
    if node.text(f"{name}_id") == NOBODY_ID:
        return ZammadPerson()
    if isinstance(node.value.get(name), dict):
        return _read_user(node.node(name))
    written = node.line(name)
    if written in ("", NOBODY_LOGIN):
        return ZammadPerson()
    return ZammadPerson(
        name=node.line(f"{name}_name") or written,
        login=node.line(f"{name}_login") or ("" if " " in written else written),
        email=node.line(f"{name}_email") or (written if "@" in written else ""),
    )


def _read_user(user: Node) -> ZammadPerson:
    login, email = user.line("login"), user.line("email")
    if login == NOBODY_LOGIN or user.text("id") == NOBODY_ID:
        return ZammadPerson()
    full_name = f"{user.line('firstname')} {user.line('lastname')}".strip()
    name = user.line("fullname") or full_name or login or email
    return ZammadPerson(name=name, login=login, email=email, is_vip=user.flag("vip"))


def _read_article(node: Node) -> ZammadArticle:
    created_by = read_person(node, "created_by")
    names = [one.line("filename") for one in node.nodes("attachments")[:MAX_ATTACHMENT_COUNT]]
    return ZammadArticle(
        id=node.text("id"),
        type=node.name_of("type"),
        sender=node.name_of("sender"),
        author=node.line("from") or created_by.name,
        created_by=created_by,
        created_at=node.time("created_at"),
        is_internal=node.flag("internal"),
        text=_article_text(node),
        whole_text=without_author_line(_whole_text(node)),
        attachment_names=tuple(name for name in names if name),
    )


def _article_text(node: Node) -> str:
    """`body` is HTML unless it says otherwise; `body_as_text` is Zammad's own plain form."""
    plain, body = node.text("body_as_text"), node.text("body")
    if plain or node.text("content_type") == "text/plain":
        return shorten(tidy(plain or body))
    return shorten(html_to_text(body))


def _whole_text(node: Node) -> str:
    """As a note of the hub is recognised by: read in the way it was written."""
    body = node.text("body")[:MAX_NOTE_CHARS]
    is_plain = not body or node.text("content_type") == "text/plain"
    return node.text("body_as_text") or body if is_plain else text_of_html(body)


def _changes(text: str) -> tuple[str, ...]:
    lines = (
        line.strip().removeprefix("*").strip() for line in text.replace("\\n", "\n").split("\n")
    )
    return tuple(line[:MAX_CHANGE_CHARS] for line in lines if line)[:MAX_CHANGE_COUNT]


def _broken_variables(raw: bytes) -> tuple[str, ...]:
    """Variables of a custom payload that this Zammad does not know, each once."""
    if b" / n" not in raw:
        return ()
    found = UNKNOWN_VARIABLE.findall(raw.decode("utf-8", "replace"))
    return tuple(dict.fromkeys(found))[:MAX_CHANGE_COUNT]
