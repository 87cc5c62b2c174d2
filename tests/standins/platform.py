"""The systems around the hub, for the demo: each knows the tickets that its traffic tells about."""

import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

from tests.standins import erpnext, n8n, redmine, zammad
from tests.standins.mattermost.seed import PEOPLE
from tests.standins.pages import erpnext_page, redmine_page, zammad_page
from tests.standins.redmine.samples import ANJA, SAM, make_site
from tests.standins.stories import Request

# Every workflow takes a press and says so; whoever pressed finds it in the message.
GOES_ON = n8n.Webhook(n8n.Mode.LAST_NODE, {"message": "The workflow goes on."})
MATTERMOST_TAG = "mattermost"
HUB_ID, FIRST_PERSON_ID = 2, 101
ARTICLES_PER_TICKET = 100  # of article ids, which no recording comes near
OTHER_ERPNEXT_USERS = ("p.smit@ons.example.test", "m.dijk@ons.example.test")
# What the help names is there from the start.
HELP_ISSUE, HELP_TICKET, HELP_TASK = 23, ("74001", 4711), "TASK-2025-00006"


class Platform:
    """Use it as a context manager; `ports` are by integration, a free one where none is named.

    `key` is every secret with which the hub comes in.
    """

    def __init__(self, key: str, first_number: int, ports: Mapping[str, int] | None = None) -> None:
        ports = ports or {}
        self.first_article_id = first_number * ARTICLES_PER_TICKET
        self.zammad = zammad.ZammadStandin(_desk(key), port=ports.get("zammad", 0))
        self.redmine = redmine.RedmineStandin(
            _site(key, first_number), port=ports.get("redmine", 0)
        )
        self.erpnext = erpnext.ErpNextStandin(
            api_key=key, api_secret=key, users=_erpnext_users(), port=ports.get("erpnext", 0)
        )
        self.n8n = n8n.N8nStandin(api_key=key, default_webhook=GOES_ON, port=ports.get("n8n", 0))
        self.zammad.show = zammad_page(self.zammad)
        self.redmine.show = redmine_page(self.redmine)
        self.erpnext.show = erpnext_page(self.erpnext)
        self.erpnext.readable |= {"Quotation", "Sales Order", "Opportunity"}
        self.erpnext.add(_help_task())
        self._add_ticket(_help_ticket())
        self._learners: Mapping[str, Callable[[Request], None]] = {
            "zammad": self._learn_ticket,
            "erpnext": self._learn_document,
        }

    def __enter__(self) -> "Platform":
        with ExitStack() as started:
            for standin in (self.zammad, self.redmine, self.erpnext, self.n8n):
                started.enter_context(standin)
            self._started = started.pop_all()
        return self

    def __exit__(self, *_error: object) -> None:
        self._started.close()

    @property
    def addresses(self) -> Mapping[str, str]:
        """By integration."""
        of_tickets = {
            "zammad": self.zammad.url,
            "redmine": self.redmine.url,
            "erpnext": self.erpnext.url,
        }
        return {**of_tickets, "n8n": self.n8n.url}

    def tell(self, hooks: Mapping[str, str], secret: str) -> None:
        """Every note that comes in over an API is told to the hub, at these addresses."""
        if "zammad" in hooks:
            self.zammad.webhook = zammad.Webhook(hooks["zammad"], secret)
        if "redmine" in hooks:
            self.redmine.webhook = redmine.NativeWebhook(secret, hooks["redmine"])
        if "erpnext" in hooks:
            self.erpnext.webhook = erpnext.Webhook(hooks["erpnext"], secret)

    def learn(self, request: Request) -> None:
        """What the traffic is about to tell is so from now on. Redmine's has happened already."""
        learner = self._learners.get(request.integration)
        if learner is not None:
            learner(request)

    def _learn_ticket(self, request: Request) -> None:
        body = json.loads(request.body)
        if ".sla_" in request.name:
            body.pop("article", None)  # the last one, which was told before
        is_tagged = request.name.startswith("ticket.tagged")
        self.zammad.call(lambda: self._add_ticket(body, is_tagged=is_tagged))

    def _add_ticket(self, body: Mapping[str, Any], *, is_tagged: bool = False) -> None:
        desk, ticket, article = self.zammad.desk, body["ticket"], body.get("article") or {}
        for role in ("owner", "customer"):
            _remember_user(desk, ticket[role])
        names = ("state_id", "priority_id", "owner_id", "customer_id", "created_at", "updated_at")
        fields = {name: ticket[name] for name in names}
        desk.add_ticket(ticket["id"], str(ticket["number"]), ticket["title"], **fields)
        if is_tagged:
            desk.tags[ticket["id"]] = [MATTERMOST_TAG]
        if article.get("body"):
            article_id = max(desk.articles, default=self.first_article_id) + 1
            own = {"id": article_id, "ticket_id": ticket["id"], "created_by_id": 1}
            desk.articles[article_id] = {**article, **own}

    def _learn_document(self, request: Request) -> None:
        document = json.loads(request.body)["doc"]
        if document["doctype"] != "Comment":
            self.erpnext.call(lambda: self.erpnext.add(document))


def _desk(key: str) -> zammad.Desk:
    hub = zammad.User(
        HUB_ID, "hub", "Hub", email="hub@desk.example.test", token=key, may_impersonate=True
    )
    people = (
        zammad.User(FIRST_PERSON_ID + place, username, first, last, f"{username}@example.test")
        for place, (username, first, last, *_rest) in enumerate(PEOPLE)
        if username != "guest"
    )
    return zammad.Desk((hub, *people))


def _remember_user(desk: zammad.Desk, user: Mapping[str, Any]) -> None:
    if user["id"] not in desk.users:
        names = {name: user[name] or "" for name in ("login", "firstname", "lastname", "email")}
        desk.users[user["id"]] = zammad.User(user["id"], roles=tuple(user["roles"]), **names)


def _help_ticket() -> dict[str, Any]:
    number, ticket_id = HELP_TICKET
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.000Z}"
    email = "jet.vos@klant.example.test"
    names = {"login": email, "firstname": "Jet", "lastname": "Vos", "email": email}
    customer = {"id": 58, "roles": ["Customer"], **names}
    nobody = {"id": 1}
    return {
        "ticket": {
            "id": ticket_id,
            "number": number,
            "title": "Label printer prints blank labels",
            "state_id": 2,
            "priority_id": 2,
            "created_at": now,
            "updated_at": now,
            "owner": nobody,
            "customer": customer,
            "owner_id": 1,
            "customer_id": 58,
        }
    }


def _site(key: str, first_number: int) -> redmine.Site:
    site = make_site(None, first_number)
    site.users[HUB_ID] = redmine.User(HUB_ID, "hub", "Hub", "", api_key=key, is_admin=True)
    known = {user.login for user in site.users.values()}
    for place, (username, first, last, *_rest) in enumerate(PEOPLE):
        if username not in (*known, "guest"):
            user_id = FIRST_PERSON_ID + place
            site.users[user_id] = redmine.User(user_id, username, first, last)
    site.first_id = HELP_ISSUE
    site.create(SAM, "Show the delivery date in the portal", assigned_to_id=ANJA.id)
    site.first_id = first_number
    return site


def _erpnext_users() -> list[dict[str, Any]]:
    people = [(f"{one[0]}@example.test", f"{one[1]} {one[2]}") for one in PEOPLE]
    people += [(email, email.partition("@")[0]) for email in OTHER_ERPNEXT_USERS]
    return [
        {"name": email, "email": email, "full_name": name, "enabled": 1} for email, name in people
    ]


def _help_task() -> dict[str, Any]:
    now = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}"
    return {
        "doctype": "Task",
        "name": HELP_TASK,
        "subject": "Phase 1",
        "status": "Working",
        "project": "PROJ-0006",
        "owner": OTHER_ERPNEXT_USERS[1],
        "priority": "Medium",
        "creation": now,
        "modified": now,
        "docstatus": 0,
        "exp_end_date": now[:10],
    }
