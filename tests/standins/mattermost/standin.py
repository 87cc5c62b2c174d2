"""The whole stand-in on a port: the API, the control API and the page, in one thread."""

import copy
import json
import logging
import threading
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeAlias, TypeVar, Unpack

from hub.contracts import JSONObject, JSONValue
from tests.standins.mattermost import backstage, control
from tests.standins.mattermost.application import Application, Outcome
from tests.standins.mattermost.faults import Fault, FaultKind, FaultOptions
from tests.standins.mattermost.page.view import Page
from tests.standins.mattermost.seed import BOT_USERNAME, DEFAULT_BOT_TOKEN, TEAM_NAME, user_token
from tests.standins.serving import Answer, Cut, Request, Response, ServerThread

logger = logging.getLogger(__name__)

DEFAULT_WAIT_S = 10.0
ACT_TIMEOUT_S = 60.0  # twice as long as Mattermost waits for an integration
API_PREFIXES = ("/api/", "/hooks/")

T = TypeVar("T")
Record: TypeAlias = dict[str, Any]  # JSON that tests look deep into


class MattermostStandin:
    """Start it with `with`; every method may be called from the test's own thread."""

    team = TEAM_NAME

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str = DEFAULT_BOT_TOKEN,
        journal: Path | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.token = token
        self._application = Application(bot_token=token, clock=clock, journal=journal)
        self._page = Page(self._application)
        self._server = ServerThread(self._respond, host=host, port=port)
        self._changed = threading.Condition()
        self._change_count = 0
        self._crashes: list[Exception] = []
        self._application.listeners.append(self._note_change)

    @property
    def url(self) -> str:
        return f"http://{self._server.host}:{self._server.port}"

    def __enter__(self) -> Self:
        try:
            self.start()
        except OSError:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def start(self) -> None:
        """Listen, again on the same port after a stop."""
        self._server.start()
        self._call(lambda: self._application.listen_at(self.url))

    def stop(self) -> None:
        """Close the socket and all connections: clients are refused. Nothing is forgotten."""
        self._server.stop()

    def close(self) -> None:
        """Raises RuntimeError when the stand-in itself broke: a test must not pass over that."""
        self._server.close()
        self._application.journal.close()
        if self._crashes:
            raise RuntimeError("the stand-in broke, see the log") from self._crashes[0]

    def user_token(self, username: str) -> str:
        """A token to act as one of the seeded people."""
        return user_token(username)

    def user_id(self, username: str) -> str:
        return self._call(lambda: backstage.find_user(self._application.state, username).id)

    def channel_id(self, name: str) -> str:
        return self._call(lambda: backstage.find_channel(self._application.state, name).id)

    def hook_url(self, channel: str, owner: str = "admin") -> str:
        """The address of an incoming webhook of that channel."""
        state = self._application.state
        return self.url + self._call(lambda: backstage.hook_path(state, channel, owner))

    def posts(self, channel: str = "") -> list[Record]:
        """Live posts in the order they were stored, with integrations and the channel's name."""
        state = self._application.state
        return copy.deepcopy(self._call(lambda: backstage.stored_posts(state, channel)))

    def reactions(self) -> list[Record]:
        """To live posts, in the order of the posts."""
        return list(self._call(lambda: backstage.reactions(self._application.state)))

    def counters(self) -> dict[str, int]:
        """Requests by route (`POST /api/v4/posts`), by status (`status 201`), and `faults`."""
        return self._call(lambda: dict(self._application.counters))

    def wait_for_posts(
        self, count: int, *, channel: str = "", timeout: float = DEFAULT_WAIT_S
    ) -> list[Record]:
        """The posts as soon as there are `count`. Raises TimeoutError, saying what is there."""
        deadline = time.monotonic() + timeout
        while True:
            seen = self._change_count
            state = self._application.state
            there = self._call(partial(backstage.count_posts, state, channel))
            if there >= count:
                return self.posts(channel)
            if not self._wait_for_change(seen, deadline - time.monotonic()):
                messages = [post["message"] for post in self.posts(channel)]
                raise TimeoutError(f"{there} of {count} posts in {timeout} s: {messages}")

    def reset(self) -> None:
        self._call(self._application.reset)

    def set_fault(
        self,
        kind: FaultKind,
        *,
        count: int | None = 1,
        **options: Unpack[FaultOptions],
    ) -> None:
        """Order a fault for the next `count` requests, or for all with None; see `Fault`."""
        fault = Fault(kind, count, **options)
        self._call(lambda: self._application.faults.add(fault))

    def clear_faults(self) -> None:
        self._call(self._application.faults.clear)

    def go_offline(self, *, is_offline: bool = True) -> None:
        """Take connections and close them without an answer, unlike `stop`."""

        def switch() -> None:
            self._application.is_offline = is_offline

        self._call(switch)

    def configure(self, **settings: JSONValue) -> None:
        """Change settings of the system console: `EnablePostUsernameOverride=True`."""
        self._call(lambda: backstage.configure(self._application.state, settings))

    def delete_post(self, post_id: str) -> None:
        self._call(lambda: backstage.delete_post(self._application.state, post_id))

    def add_member(self, channel: str, username: str = BOT_USERNAME) -> None:
        self._call(lambda: backstage.add_member(self._application.state, channel, username))

    def kick(self, channel: str, username: str = BOT_USERNAME) -> None:
        """Take somebody out of a channel: posting there is answered 403 from now on."""
        self._call(lambda: backstage.kick(self._application.state, channel, username))

    def archive(self, channel: str) -> None:
        self._call(lambda: backstage.archive(self._application.state, channel))

    def grant(self, username: str, permission: str) -> None:
        self._call(lambda: backstage.grant(self._application.state, username, permission))

    def withdraw(self, username: str, permission: str) -> None:
        self._call(lambda: backstage.withdraw(self._application.state, username, permission))

    def create_command(
        self, trigger: str, url: str, *, creator: str = "admin", method: str = "P"
    ) -> Record:
        """A slash command that is sent to `url`, with its token; commands are switched on."""
        state = self._application.state
        return self._call(
            lambda: backstage.create_command(
                state, trigger, url, creator=creator, method=method
            ).as_json()
        )

    def create_outgoing_hook(
        self, channel: str, *urls: str, words: tuple[str, ...] = (), content_type: str = ""
    ) -> Record:
        """A hook of a public channel, with its token; without words it wants every post."""
        state = self._application.state
        return self._call(
            lambda: backstage.create_outgoing_hook(
                state, channel, list(urls), words=list(words), content_type=content_type
            ).as_json()
        )

    def execute(self, user: str, channel: str, text: str, *, root_id: str = "") -> Outcome:
        """`user` types `/trigger text`; returns once the integration has answered."""
        body: JSONObject = {"channel_id": self.channel_id(channel), "command": text}
        return self.act(user, "POST", "/commands/execute", {**body, "root_id": root_id})

    def press(
        self, user: str, post_id: str, action_id: str, *, selected_option: str = ""
    ) -> Outcome:
        """`user` presses a button; returns once the integration has answered."""
        body: JSONObject = {"selected_option": selected_option} if selected_option else {}
        return self.act(user, "POST", f"/posts/{post_id}/actions/{action_id}", body)

    def post_as(self, user: str, channel: str, text: str, *, root_id: str = "") -> Outcome:
        body: JSONObject = {"channel_id": self.channel_id(channel), "message": text}
        return self.act(user, "POST", "/posts", {**body, "root_id": root_id})

    def ephemerals_of(self, user: str) -> list[Record]:
        """What only this person was shown, oldest first, with the integrations of buttons."""
        state = self._application.state
        return copy.deepcopy(self._call(lambda: backstage.ephemerals_of(state, user)))

    def act(self, user: str, method: str, path: str, body: JSONObject) -> Outcome:
        """A call to the API by somebody whose client no fault concerns."""
        application = self._application

        async def send() -> Response:
            account = backstage.find_user(application.state, user)
            return await application.respond_to(account, method, f"/api/v4{path}", body)

        response = self._server.run(send, ACT_TIMEOUT_S)
        return Outcome(response.status, json.loads(response.body))

    def _call(self, function: Callable[[], T]) -> T:
        return self._server.call(function)

    def _wait_for_change(self, seen: int, seconds: float) -> bool:
        """False when nothing changed in time since the change numbered `seen`."""
        with self._changed:
            # Not wait_for: it reads the clock, which a test may have stopped.
            return self._change_count != seen or self._changed.wait(max(seconds, 0))

    def _note_change(self) -> None:
        with self._changed:
            self._change_count += 1
            self._changed.notify_all()

    def _respond(self, request: Request) -> Answer | Awaitable[Answer]:
        try:
            answer = self._dispatch(request)
        except Exception as error:  # the edge: a bug must not look like a fault that was ordered
            return self._note_crash(request, error)
        if isinstance(answer, Response | Cut):
            return answer
        return self._guard(request, answer)

    def _dispatch(self, request: Request) -> Answer | Awaitable[Answer]:
        if request.path.startswith(control.PREFIX):
            return control.respond(self._application, request)
        if request.path.startswith(API_PREFIXES):
            return self._application.respond(request)
        return self._page.respond(request)

    async def _guard(self, request: Request, answer: Awaitable[Answer]) -> Answer:
        try:
            return await answer
        except Exception as error:  # the same edge, for answers that take their time
            return self._note_crash(request, error)

    def _note_crash(self, request: Request, error: Exception) -> Response:
        logger.error("the stand-in broke: %s %s", request.method, request.path, exc_info=error)
        self._crashes.append(error)
        return Response(500, b"the stand-in broke", "text/plain")
