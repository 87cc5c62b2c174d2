"""Zammad's API, as far as the hub calls it, over a Desk in memory."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.standins.outbox import Outbox
from tests.standins.serving import Answer, Cut, Listening, Request, Response
from tests.standins.zammad.desk import STATES, Desk, RefusedError, User
from tests.standins.zammad.sending import Webhook
from tests.standins.zammad.writing import api_ticket, api_user, articles_of, webhook_body

JSON_TYPE = "application/json; charset=utf-8"
MAX_FOUND = 200
CREATED = 201


@dataclass
class ZammadStandin(Listening):
    """Use it as a context manager. What was written is in `desk.articles`.

    `fault` is the status of every answer while it is set. `lost_answers` is how many of the next
    writes are carried out and then not answered.
    """

    desk: Desk
    fault: int = 0
    lost_answers: int = 0
    has_elasticsearch: bool = True
    is_of_2022: bool = False  # a search answers with ids and assets, whatever was asked
    ignores_from: bool = False
    hides_states: bool = False
    webhook: Webhook | None = None  # called about every new article
    show: Callable[[str], Response | None] = lambda _path: None  # a page for people
    calls: list[str] = field(default_factory=list)  # method and path, as they came
    outbox: Outbox = field(default_factory=Outbox)

    def _respond(self, request: Request) -> Answer:
        self.calls.append(f"{request.method} {request.path}")
        if request.method == "GET" and (page := self.show(request.path)) is not None:
            return page
        try:
            status, content = self._answer(request)
        except RefusedError as refused:
            return _refusal(request, refused)
        if request.method != "GET" and self.lost_answers:
            self.lost_answers -= 1
            return Cut.RESET
        return Response(status, json.dumps(content).encode(), JSON_TYPE)

    def _answer(self, request: Request) -> tuple[int, Any]:
        if self.fault:
            raise RefusedError(self.fault, "Error ID abc: Please contact your administrator.")
        user = self._user_of(request)
        parts = request.path.removeprefix("/api/v1/").split("/")
        routes: Mapping[tuple[str, str], Callable[[Request, User, list[str]], Any]] = {
            ("GET", "users"): self._users,
            ("GET", "tickets"): self._tickets,
            ("PUT", "tickets"): self._update_ticket,
            ("GET", "ticket_states"): lambda *_one: self._states(),
            ("GET", "ticket_articles"): self._articles,
            ("POST", "ticket_articles"): self._add_article,
            ("PUT", "ticket_articles"): self._update_article,
            ("GET", "tags"): self._tags,
        }
        answer = routes.get((request.method, parts[0]))
        if answer is None:
            raise RefusedError(404, f"No route matches [{request.method}] {request.path}")
        status = CREATED if request.method == "POST" else 200
        return status, answer(request, user, parts[1:])

    def _user_of(self, request: Request) -> User:
        given = request.headers.get("authorization", "")
        if not given:
            raise RefusedError(403, "Authentication required")
        users = [one for one in self.desk.users.values() if one.token and one.is_active]
        user = next((one for one in users if given == f"Token token={one.token}"), None)
        if user is None:
            raise RefusedError(401, "Can't find User for Token")
        wanted = request.headers.get("from", "")
        return self._impersonated(user, wanted) if wanted and not self.ignores_from else user

    def _impersonated(self, user: User, wanted: str) -> User:
        if not user.may_impersonate:
            raise RefusedError(
                403, "Current user has no permission to use 'From'/'X-On-Behalf-Of'!"
            )
        users = self.desk.users.values()
        found = next((u for u in users if wanted in (str(u.id), u.login, u.email)), None)
        if found is None:
            raise RefusedError(403, f"No such user '{wanted}'")
        return found

    def _users(self, request: Request, user: User, rest: list[str]) -> Any:
        is_expanded = request.query().get("expand") == "true"
        if rest == ["me"]:
            return api_user(user, is_expanded=is_expanded)
        if rest == ["search"]:
            word = self._search_word(request, "email:")
            found = [u for u in self.desk.users.values() if word and word in f"{u.login} {u.email}"]
            return [api_user(one, is_expanded=is_expanded) for one in found]
        return api_user(self.desk.users[int(rest[0])], is_expanded=is_expanded)

    def _tickets(self, request: Request, user: User, rest: list[str]) -> Any:
        if rest == ["search"]:
            return self._search(request)
        ticket = self._ticket(rest[0])
        if not user.is_in_group:
            raise RefusedError(403, "Not authorized")
        return api_ticket(self.desk, ticket, is_expanded=request.query().get("expand") == "true")

    def _search(self, request: Request) -> Any:
        """The plain search finds a number in titles and in longer numbers, too."""
        query, word = request.query(), self._search_word(request, "number:")
        is_by_field = query["query"].startswith("number:")
        found = [
            one
            for one in self.desk.tickets.values()
            if word and (one["number"] == word if is_by_field else word in _searched(one))
        ][: min(int(query.get("limit", "50")), MAX_FOUND)]
        if self.is_of_2022:
            assets = {
                str(one["id"]): api_ticket(self.desk, one, is_expanded=False) for one in found
            }
            ids = [one["id"] for one in found]
            return {"tickets": ids, "tickets_count": len(ids), "assets": {"Ticket": assets}}
        return [api_ticket(self.desk, one, is_expanded=True) for one in found]

    def _search_word(self, request: Request, prefix: str) -> str:
        """Without Elasticsearch a search by field finds nothing."""
        query = request.query()["query"]
        if not query.startswith(prefix):
            return query
        return query.removeprefix(prefix) if self.has_elasticsearch else ""

    def _update_ticket(self, request: Request, user: User, rest: list[str]) -> Any:
        ticket = self._ticket(rest[0])
        self.desk.update_ticket(ticket, json.loads(request.body))
        return api_ticket(self.desk, ticket, is_expanded=request.query().get("expand") == "true")

    def _states(self) -> list[dict[str, Any]]:
        if self.hides_states:
            raise RefusedError(403, "Not authorized")
        return [{"id": one_id, "name": name, "active": True} for one_id, name in STATES.items()]

    def _articles(self, request: Request, user: User, rest: list[str]) -> Any:
        return articles_of(self.desk, self._ticket(rest[1]))

    def _add_article(self, request: Request, user: User, rest: list[str]) -> Any:
        article = self.desk.add_article(json.loads(request.body), user)
        if self.webhook is not None:
            webhook, outgoing = self.webhook, self.webhook.build(webhook_body(self.desk, article))
            self.outbox.put(lambda: webhook.send(outgoing))
        return article

    def _update_article(self, request: Request, user: User, rest: list[str]) -> Any:
        return self.desk.update_article(int(rest[0]), json.loads(request.body))

    def _tags(self, request: Request, user: User, rest: list[str]) -> Any:
        return {"tags": self.desk.tags.get(int(request.query()["o_id"]), [])}

    def _ticket(self, ticket_id: str) -> dict[str, Any]:
        ticket = self.desk.tickets.get(int(ticket_id))
        if ticket is None:
            raise RefusedError(404, f"Couldn't find Ticket with 'id'={ticket_id}")
        return ticket


def _searched(ticket: dict[str, Any]) -> str:
    words: Iterator[str] = (str(ticket[name]) for name in ("number", "title"))
    return " ".join(words)


def _refusal(request: Request, refused: RefusedError) -> Response:
    """An HTML page unless both headers say JSON."""
    wanted = (request.headers.get("accept", ""), request.headers.get("content-type", ""))
    if not all(one.startswith("application/json") for one in wanted):
        page = f"<html><body><h1>{refused.message}</h1></body></html>".encode()
        return Response(refused.status, page, "text/html; charset=utf-8")
    body = {"error": refused.message, "error_human": refused.message}
    return Response(refused.status, json.dumps(body).encode(), JSON_TYPE)
