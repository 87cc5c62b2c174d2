"""One n8n: its health check, its public API over executions in memory, and its errors."""

import base64
import json
from collections.abc import Awaitable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from tests.standins.n8n.webhooks import Webhook, not_registered
from tests.standins.serving import Answer, Listening, Request, Response

API_KEY = "n8n-api-key-of-the-hub"
DEFAULT_LIMIT, MAX_LIMIT = 100, 250
FAILED_STATUSES = frozenset({"error", "crashed"})  # both are found by status=error
WEBHOOK_PREFIXES = ("/webhook/", "/webhook-waiting/")
LISTED = (
    *("id", "finished", "mode", "retryOf", "retrySuccessId", "status", "startedAt", "stoppedAt"),
    *("workflowId", "waitTill"),
)


class Readiness(Enum):
    """What `/healthz/readiness` answers. STARTING is a 200 all the same."""

    READY = (200, "application/json", b'{"status":"ok"}')
    NOT_READY = (503, "application/json", b'{"status":"error"}')
    NO_DATABASE = (503, "text/html; charset=utf-8", b"Database is not ready!")
    STARTING = (200, "text/html; charset=utf-8", b"n8n is starting up. Please wait")


@dataclass
class N8nStandin(Listening):
    """Use it as a context manager; `executions` are the oldest first."""

    executions: list[dict[str, Any]] = field(default_factory=list)
    workflows: dict[str, str] = field(default_factory=dict)  # id → name
    readiness: Readiness = Readiness.READY
    health_path: str = "/healthz"
    has_run_data: bool = True  # False: a key that may list executions and read none
    webhooks: dict[str, Webhook] = field(default_factory=dict)  # path → its node
    default_webhook: Webhook | None = None  # takes the paths that no other does
    calls: list[str] = field(default_factory=list)  # paths
    api_key: str = API_KEY

    def fail(self, execution_id: int, workflow_id: str = "w1", **fields: Any) -> None:
        """An execution that ends with an error, in the minute of its id."""
        minute = f"2026-11-24T{9 + execution_id // 60:02d}:{execution_id % 60:02d}"
        row = {
            "id": str(execution_id),
            "finished": False,
            "mode": "trigger",
            "retryOf": None,
            "retrySuccessId": None,
            "status": "error",
            "startedAt": f"{minute}:00.000Z",
            "stoppedAt": f"{minute}:01.250Z",
            "workflowId": workflow_id,
            "waitTill": None,
            "data": {
                "resultData": {
                    "error": {"name": "NodeApiError", "message": "kapot", "stack": "at secret"},
                    "lastNodeExecuted": "HTTP Request",
                    "runData": {},
                }
            },
        }
        self.executions.append(row | fields)

    def webhook(self, path: str = "/webhook/approve", **fields: Any) -> Webhook:
        """An active workflow that listens at `path`."""
        self.webhooks[path] = Webhook(**fields)
        return self.webhooks[path]

    def _respond(self, request: Request) -> Answer | Awaitable[Answer]:
        self.calls.append(request.path)
        if request.path.startswith(WEBHOOK_PREFIXES):
            found = self.webhooks.get(request.path, self.default_webhook)
            return found.respond(request) if found is not None else not_registered(request)
        if request.path == self.health_path:
            return _json(200, {"status": "ok"})
        if request.path == f"{self.health_path}/readiness":
            status, content_type, body = self.readiness.value
            return Response(status, body, content_type)
        if not request.path.startswith("/api/v1/"):
            return Response(
                404, b"<!DOCTYPE html><html><body>Cannot GET</body></html>", "text/html"
            )
        if request.headers.get("x-n8n-api-key") != self.api_key:
            return _json(401, {"message": "Unauthorized"})
        return self._answer(request)

    def _answer(self, request: Request) -> Response:
        subject, _, identifier = request.path.removeprefix("/api/v1/").partition("/")
        if subject == "executions" and not identifier:
            return _json(200, self._page(request.query()))
        if subject == "executions":
            return self._execution(identifier)
        if subject == "workflows" and identifier in self.workflows:
            return _json(200, {"id": identifier, "name": self.workflows[identifier]})
        return _json(404, {"message": "Not Found"})

    def _execution(self, identifier: str) -> Response:
        if not self.has_run_data:
            return _json(403, {"message": "Forbidden"})
        found = next((one for one in self.executions if one["id"] == identifier), None)
        if found is None:
            return _json(404, {"message": "Not Found"})
        workflow_id = found["workflowId"]
        name = self.workflows.get(workflow_id, "")
        return _json(200, {**found, "workflowData": {"id": workflow_id, "name": name}})

    def _page(self, query: dict[str, str]) -> dict[str, Any]:
        """The newest first; the cursor is JSON in base64."""
        limit, before = int(query.get("limit", DEFAULT_LIMIT)), float("inf")
        if query.get("cursor"):
            cursor = json.loads(base64.b64decode(query["cursor"]))
            limit, before = cursor["limit"], int(cursor["lastId"])
        wanted = FAILED_STATUSES if query.get("status") == "error" else {query.get("status")}
        rows = [one for one in self.executions if one["status"] in wanted]
        rows = sorted((one for one in rows if int(one["id"]) < before), key=_number, reverse=True)
        page = rows[: min(limit, MAX_LIMIT)]
        following = {"lastId": page[-1]["id"], "limit": limit} if len(rows) > len(page) else None
        encoded = base64.b64encode(json.dumps(following).encode()).decode() if following else None
        listed = [{name: one[name] for name in LISTED} for one in page]
        return {"data": listed, "nextCursor": encoded}


def _number(row: dict[str, Any]) -> int:
    return int(row["id"])


def _json(status: int, content: Any) -> Response:
    return Response(status, json.dumps(content).encode(), "application/json; charset=utf-8")
