"""Answers requests to the API and the hooks: faults first, then the call itself."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import unquote

from tests.standins.mattermost.call import NOBODY, Call
from tests.standins.mattermost.errors import ApiError
from tests.standins.mattermost.faults import Fault, Faults, Limiter
from tests.standins.mattermost.routes import WITHOUT_SESSION, find_route
from tests.standins.mattermost.seed import seed
from tests.standins.mattermost.state import Journal, State, new_id
from tests.standins.serving import Answer, Cut, Request, Response

HANG_S = 3600.0  # longer than any client waits


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
        self.state = self._fresh_state()

    def reset(self) -> None:
        """As just started; what was counted and ordered is forgotten too."""
        self.faults.clear()
        self.counters.clear()
        self.is_offline = False
        self.state = self._fresh_state()
        self.state.touch()

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
        response, when_answered = self._carry_out(request)
        response.headers |= headers
        for settle in when_answered:
            settle()
        return self._count(response)

    def _respond_badly(self, fault: Fault, request: Request) -> Answer | Awaitable[Answer]:
        self.counters["faults"] += 1
        if fault.kind == "slow":
            return self._respond_slowly(fault, request)
        if fault.after_store:
            for settle in self._carry_out(request)[1]:
                settle()
        if fault.kind == "timeout":
            return self._hang()
        if fault.kind in ("reset_after_store", "reset_before"):
            return Cut.RESET
        return self._count(fault.response())

    async def _respond_slowly(self, fault: Fault, request: Request) -> Answer:
        """The work goes on to its end, even when the client gives up waiting."""
        response, when_answered = self._carry_out(request)
        for settle in when_answered:
            asyncio.get_running_loop().call_later(fault.delay_ms / 1000, settle)
        await asyncio.sleep(fault.delay_ms / 1000)
        return self._count(response)

    async def _hang(self) -> Answer:
        await asyncio.sleep(HANG_S)
        return Cut.CLOSE

    def _carry_out(self, request: Request) -> tuple[Response, list[Callable[[], None]]]:
        """The answer, and what is to be done when it leaves."""
        request_id = new_id()
        when_answered: list[Callable[[], None]] = []
        try:
            response = self._call(request, when_answered)
        except ApiError as error:
            has_detail = self.state.is_on("EnableDeveloper")
            response = error.response(request_id, has_detail=has_detail)
        version = self.state.settings["Version"]
        response.headers["X-Request-Id"] = request_id
        response.headers["X-Version-Id"] = f"{version}.{version}.standin.false"
        return response, when_answered

    def _call(self, request: Request, when_answered: list[Callable[[], None]]) -> Response:
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
        seed(state, self.bot_token)
        return state
