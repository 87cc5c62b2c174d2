"""Answers requests to the API and the hooks: faults first, then the call itself."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import unquote

from hub.contracts import JSONObject
from tests.standins.mattermost.call import NOBODY, Call
from tests.standins.mattermost.decoding import encode
from tests.standins.mattermost.errors import ApiError
from tests.standins.mattermost.faults import Fault, Faults, Limiter
from tests.standins.mattermost.firing import Errands, fire
from tests.standins.mattermost.records import User
from tests.standins.mattermost.routes import WITHOUT_SESSION, find_route
from tests.standins.mattermost.seed import seed
from tests.standins.mattermost.state import Journal, State, new_id
from tests.standins.serving import Answer, Cut, Request, Response

HANG_S = 3600.0  # longer than any client waits
Work: TypeAlias = Response | Awaitable[Response]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the client of a person was answered."""

    status: int
    body: dict[str, Any]  # JSON that tests look deep into

    @property
    def error_id(self) -> str:
        return str(self.body.get("id", "")) if self.status >= HTTPStatus.BAD_REQUEST else ""


class Application:
    """The Mattermost part of the stand-in, without its socket."""

    def __init__(
        self,
        *,
        bot_token: str,
        clock: Callable[[], float] = time.time,
        journal: Path | None = None,
    ) -> None:
        self.bot_token = bot_token
        self.clock = clock
        self.faults = Faults()
        self.limiter = Limiter(clock)
        self.counters: Counter[str] = Counter()
        self.is_offline = False  # connections are taken and closed at once
        self.journal = Journal(journal)
        self.listeners: list[Callable[[], None]] = []
        self._site_url = ""
        self.errands = Errands()
        self.state = self._fresh_state()

    def reset(self) -> None:
        """As just started; what was counted and ordered is forgotten too."""
        self.faults.clear()
        self.counters.clear()
        self.is_offline = False
        self.state = self._fresh_state()
        self.state.touch()

    def listen_at(self, url: str) -> None:
        """The address that integrations are told, unless an administrator sets another."""
        self._site_url = url
        self.state.settings["SiteURL"] = url

    def respond(self, request: Request) -> Answer | Awaitable[Answer]:
        self.counters["requests"] += 1
        if self.is_offline:
            return Cut.CLOSE
        headers: dict[str, str] = {}
        per_second = self.state.number("RateLimitPerSec")
        if per_second:
            headers, refusal = self.limiter.check(
                per_second, self.state.number("RateLimitMaxBurst")
            )
            if refusal is not None:
                refusal.headers |= headers
                return self._count(refusal)
        fault = self.faults.take(request)
        if fault is not None:
            return self._respond_badly(fault, request)
        work, when_answered = self._carry_out(request)
        for settle in when_answered:
            settle()
        if isinstance(work, Response):
            work.headers |= headers
            return self._count(work)
        return self._respond_later(work, headers)

    async def respond_to(self, user: User, method: str, path: str, body: JSONObject) -> Response:
        """As if `user` had sent a request from a client that no fault concerns."""
        token = self.state.token_of(user)
        headers = {"authorization": f"Bearer {token}"}
        work, when_answered = self._carry_out(Request(method, path, "", headers, encode(body)))
        for settle in when_answered:
            settle()
        return work if isinstance(work, Response) else await work

    async def _respond_later(self, work: Awaitable[Response], headers: dict[str, str]) -> Answer:
        response = await work
        response.headers |= headers
        return self._count(response)

    def _respond_badly(self, fault: Fault, request: Request) -> Answer | Awaitable[Answer]:
        self.counters["faults"] += 1
        if fault.kind == "slow":
            return self._respond_slowly(fault, request)
        if fault.after_store:
            work, when_answered = self._carry_out(request)
            for settle in when_answered:
                settle()
            if not isinstance(work, Response):
                return self._fail_after(fault, work)
        return self._fail(fault)

    async def _fail_after(self, fault: Fault, work: Awaitable[Response]) -> Answer:
        await work
        answer = self._fail(fault)
        return answer if isinstance(answer, Response | Cut) else await answer

    def _fail(self, fault: Fault) -> Answer | Awaitable[Answer]:
        if fault.kind == "timeout":
            return self._hang()
        if fault.kind in ("reset_after_store", "reset_before"):
            return Cut.RESET
        return self._count(fault.response())

    async def _respond_slowly(self, fault: Fault, request: Request) -> Answer:
        """The work goes on to its end, even when the client gives up waiting."""
        work, when_answered = self._carry_out(request)
        for settle in when_answered:
            asyncio.get_running_loop().call_later(fault.delay_ms / 1000, settle)
        await asyncio.sleep(fault.delay_ms / 1000)
        return self._count(work if isinstance(work, Response) else await work)

    async def _hang(self) -> Answer:
        await asyncio.sleep(HANG_S)
        return Cut.CLOSE

    def _carry_out(self, request: Request) -> tuple[Work, list[Callable[[], None]]]:
        """The answer, and what is to be done when it leaves."""
        request_id = new_id()
        when_answered: list[Callable[[], None]] = []
        try:
            work = self._call(request, when_answered)
        except ApiError as error:
            work = self._refuse(error, request_id)
        if isinstance(work, Response):
            return self._stamp(work, request_id), when_answered
        return self._complete(work, request_id), when_answered

    async def _complete(self, work: Awaitable[Response], request_id: str) -> Response:
        """Something else has to answer first, the integration behind a button for instance."""
        try:
            response = await work
        except ApiError as error:
            response = self._refuse(error, request_id)
        return self._stamp(response, request_id)

    def _refuse(self, error: ApiError, request_id: str) -> Response:
        return error.response(request_id, has_detail=self.state.is_on("EnableDeveloper"))

    def _stamp(self, response: Response, request_id: str) -> Response:
        version = self.state.settings["Version"]
        response.headers["X-Request-Id"] = request_id
        response.headers["X-Version-Id"] = f"{version}.{version}.standin.false"
        return response

    def _call(self, request: Request, when_answered: list[Callable[[], None]]) -> Work:
        if len(request.body) > self.state.number("MaximumPayloadSizeBytes"):
            raise ApiError("api.context.request_body_too_large.app_error", 413)
        path = unquote(request.path) if "%" in request.path else request.path
        found = find_route(request.method, path)
        if found is None:
            raise ApiError("api.context.404.app_error", 404)
        route, ids = found
        self.counters[route.name] += 1
        authorization = request.headers.get("authorization", "")
        scheme, _, secret = authorization.partition(" ")
        user = self.state.user_of_token(secret) if scheme.lower() in ("bearer", "token") else None
        if user is None and route.function not in WITHOUT_SESSION:
            raise ApiError("api.context.session_expired.app_error", 401)
        call = Call(self.state, request, ids, user or NOBODY, when_answered)
        return route.function(call)

    def _count(self, response: Response) -> Response:
        self.counters[f"status {response.status}"] += 1
        return response

    def _fresh_state(self) -> State:
        state = State(self.clock)
        state.journal = self.journal
        state.listeners = self.listeners
        state.settings["SiteURL"] = self._site_url
        state.trigger_webhooks = partial(fire, state, self.errands)
        seed(state, self.bot_token)
        return state
