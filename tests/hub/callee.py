"""An integration as Mattermost sees one: it takes requests on a port and answers as it is told."""

import threading
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl

from tests.standins.serving import Answer, Request, Response, ServerThread

Reply = Answer | Callable[[], Awaitable[Answer]]


class Callee:
    """The replies are given in turn, and the last one for ever."""

    def __init__(self, *replies: Reply) -> None:
        self.requests: list[Request] = []
        self._replies = list(replies) or [Response(200, b"{}")]
        self._arrived = threading.Condition()
        self._server = ServerThread(self._respond)

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._server.close()

    @property
    def url(self) -> str:
        return f"http://{self._server.host}:{self._server.port}/callback"

    def reply_with(self, *replies: Reply) -> None:
        self._replies = list(replies)

    def form(self, at: int = -1) -> dict[str, str]:
        return dict(parse_qsl(self.requests[at].body.decode(), keep_blank_values=True))

    def wait_for(self, count: int) -> list[Request]:
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.requests) >= count, 10)
        return self.requests

    def _respond(self, request: Request) -> Answer | Awaitable[Answer]:
        with self._arrived:
            self.requests.append(request)
            self._arrived.notify_all()
        reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        return reply if not callable(reply) else reply()
