"""Webhook nodes of active workflows: they take a press, and answer in every mode n8n has."""

import asyncio
import json
from collections.abc import Awaitable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from tests.standins.serving import Answer, Cut, Request, Response

LOOK_EVERY_S = 0.01
HTML = "text/html; charset=utf-8"


class Mode(Enum):
    """How the Webhook node responds; the last five are what goes wrong."""

    ON_RECEIVED = "at once"
    LAST_NODE = "what the last node gives"
    RESPOND_NODE = "what a Respond to Webhook node gives"
    NO_BODY = "nothing"
    ERROR = "the workflow ends with an error"
    INACTIVE = "the workflow is not active"
    STARTING = "n8n has just been started"
    PROXY = "a proxy answers in its place"
    RESET = "the connection breaks off after the run"


@dataclass
class Received:
    """One call that the workflow ran for."""

    body: dict[str, Any]
    headers: dict[str, str]
    raw: bytes


@dataclass
class Webhook:
    """`answer` is what LAST_NODE and RESPOND_NODE give. While `is_held` no answer comes."""

    mode: Mode = Mode.ON_RECEIVED
    answer: Any = None
    header: tuple[str, str] = ("", "")  # of a Header Auth credential
    is_held: bool = False
    received: list[Received] = field(default_factory=list)

    def respond(self, request: Request) -> Answer | Awaitable[Answer]:
        name, value = self.header
        if name and request.headers.get(name.lower()) != value:
            return Response(403, b"Authorization data is wrong!", HTML)
        if self.mode is Mode.INACTIVE:
            return not_registered(request)
        if self.mode is Mode.STARTING:
            return Response(200, b"n8n is starting up. Please wait", HTML)
        if self.mode is Mode.PROXY:
            return Response(200, b"<!DOCTYPE html><html><body>Login</body></html>", HTML)
        try:
            body = json.loads(request.body)
        except ValueError:
            return Response(422, b'{"code":422,"message":"Failed to parse request body"}')
        self.received.append(Received(body, request.headers, request.body))
        return self._answer_later() if self.is_held else self._answer()

    async def _answer_later(self) -> Answer:
        while self.is_held:
            await asyncio.sleep(LOOK_EVERY_S)
        return self._answer()

    def _answer(self) -> Answer:
        if self.mode is Mode.RESET:
            return Cut.RESET
        if self.mode is Mode.ERROR:
            return Response(500, b'{"message":"Error in workflow"}')
        if self.mode is Mode.NO_BODY:
            return Response(200)
        started = {"message": "Workflow was started"}
        content = started if self.mode is Mode.ON_RECEIVED else self.answer
        return Response(200, json.dumps(content).encode(), "application/json; charset=utf-8")


def not_registered(request: Request) -> Response:
    name = request.path.rpartition("/")[2]
    content = {
        "code": 404,
        "message": f'The requested webhook "{request.method} {name}" is not registered.',
        "hint": "The workflow must be active for a production URL to run successfully.",
    }
    return Response(404, json.dumps(content).encode(), "application/json; charset=utf-8")
