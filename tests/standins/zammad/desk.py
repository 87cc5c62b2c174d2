"""The tickets, articles and users of one Zammad in memory, with its rules about them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

STATES = {1: "new", 2: "open", 3: "pending reminder", 4: "closed", 5: "merged", 7: "pending close"}
PRIORITIES = {1: "1 low", 2: "2 normal", 3: "3 high"}
NOBODY_ID = 1
GROUP = (3, "Support::2nd Line")


class RefusedError(Exception):
    """Answered with this status and `{"error": …}`."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


@dataclass(frozen=True)
class User:
    id: int
    login: str
    firstname: str = ""
    lastname: str = ""
    email: str = ""
    roles: tuple[str, ...] = ("Agent",)
    token: str = ""
    may_impersonate: bool = False  # the permission admin.user
    is_active: bool = True
    is_in_group: bool = True

    @property
    def is_agent(self) -> bool:
        return any(role != "Customer" for role in self.roles)


class Desk:
    """`now` is what its clock shows; without one it runs."""

    def __init__(self, users: tuple[User, ...] = (), *, now: datetime | None = None) -> None:
        self.now = now
        nobody = User(NOBODY_ID, "-", firstname="-", roles=())
        self.users = {user.id: user for user in (nobody, *users)}
        self.tickets: dict[int, dict[str, Any]] = {}
        self.articles: dict[int, dict[str, Any]] = {}
        self.tags: dict[int, list[str]] = {}  # by ticket

    def add_ticket(self, ticket_id: int, number: str, title: str, **fields: Any) -> dict[str, Any]:
        defaults = {"state_id": 2, "priority_id": 2, "owner_id": NOBODY_ID, "customer_id": 1}
        moment = self.moment()
        self.tickets[ticket_id] = {
            "id": ticket_id,
            "number": number,
            "title": title,
            **defaults,
            "created_at": moment,
            "updated_at": moment,
            **fields,
        }
        return self.tickets[ticket_id]

    def add_article(self, given: dict[str, Any], user: User) -> dict[str, Any]:
        """`internal` is false unless it is said, and whatever a customer says."""
        ticket = self.tickets.get(int(given.get("ticket_id") or 0))
        if ticket is None:
            raise RefusedError(404, f"Couldn't find Ticket with 'id'={given.get('ticket_id')}")
        if not given.get("body"):
            raise RefusedError(422, "Need at least an 'article body' field.")
        if user.is_agent and not user.is_in_group:
            raise RefusedError(403, "Not authorized")
        moment = self.moment()
        article_id = max(self.articles, default=9_000) + 1
        self.articles[article_id] = article = {
            "id": article_id,
            "ticket_id": ticket["id"],
            "type": given.get("type", "note") if user.is_agent else "note",
            "sender": given.get("sender", "Agent") if user.is_agent else "Customer",
            "from": f"{user.firstname} {user.lastname}".strip(),
            "content_type": given.get("content_type", "text/plain"),
            "body": given["body"],
            "internal": bool(given.get("internal", False)) and user.is_agent,
            "created_by": user.login,
            "created_by_id": user.id,
            "created_at": moment,
            "updated_at": moment,
            "attachments": [],
        }
        ticket["updated_at"] = moment
        return article

    def update_article(self, article_id: int, given: dict[str, Any]) -> dict[str, Any]:
        article = self.articles.get(article_id)
        if article is None:
            raise RefusedError(404, f"Couldn't find Ticket::Article with 'id'={article_id}")
        article.update({name: given[name] for name in ("body", "internal") if name in given})
        return article

    def update_ticket(self, ticket: dict[str, Any], given: dict[str, Any]) -> None:
        """All or nothing. An owner who is no agent of the group becomes nobody."""
        changes: dict[str, Any] = {}
        if "state" in given:
            changes["state_id"] = _id_of(STATES, "state", given["state"])
            if given["state"].startswith("pending") and not given.get("pending_time"):
                raise RefusedError(422, "Missing required value for field 'pending_time'!")
        if "priority" in given:
            changes["priority_id"] = _id_of(PRIORITIES, "priority", given["priority"])
        if "owner_id" in given:
            owner = self.users.get(given["owner_id"])
            is_possible = owner is not None and owner.is_agent and owner.is_in_group
            changes["owner_id"] = given["owner_id"] if is_possible else NOBODY_ID
        ticket.update(changes, updated_at=self.moment())

    def moment(self) -> str:
        """With milliseconds, as Rails writes it."""
        now = (self.now or datetime.now(UTC)).astimezone(UTC)
        return f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z"


def _id_of(names: dict[int, str], attribute: str, name: str) -> int:
    found = next((one_id for one_id, known in names.items() if known == name), None)
    if found is None:
        raise RefusedError(422, f"No lookup value found for '{attribute}': \"{name}\"")
    return found
