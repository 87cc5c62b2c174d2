"""One ERPNext site: its REST API, version 1, over documents in memory."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

from tests.standins.erpnext.queries import select
from tests.standins.serving import Request, Response, ServerThread

API_KEY, API_SECRET = "a1b2c3d4e5f6a7b", "f1e2d3c4b5a6978"
HUB_USER = "hub@ons.example.test"
COMMENT_ARGUMENTS = (
    *("reference_doctype", "reference_name", "content"),
    *("comment_email", "comment_by"),
)
STATUS_CODES = {
    "AuthenticationError": 401,
    "PermissionError": 403,
    "DoesNotExistError": 404,
    "ValidationError": 417,
    "MandatoryError": 417,
    "TimestampMismatchError": 417,
    "SessionStopped": 503,
}


class FrappeError(Exception):
    """An exception of Frappe by its name, with the sentence shown to the user (HTML)."""

    def __init__(self, name: str, message: str = "") -> None:
        super().__init__(message)
        self.name = name
        self.message = message


@dataclass
class ErpNextStandin:
    """Use it as a context manager; `documents` are by DocType and name.

    `readable` are the DocTypes that the role of the hub's user opens. `fault` is raised at every
    call while it is set.
    """

    documents: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    readable: set[str] = field(default_factory=lambda: {"Sales Invoice", "Project", "Task"})
    comments: list[dict[str, Any]] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)  # method, path
    fault: FrappeError | None = None
    port: int = 0

    def __enter__(self) -> "ErpNextStandin":
        self._server = ServerThread(self._respond, port=self.port)
        self._server.start()
        self.port = self._server.port
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def add(self, *documents: dict[str, Any]) -> None:
        for document in documents:
            self.documents.setdefault(document["doctype"], {})[document["name"]] = document

    def run_daily(self, today: str) -> None:
        """The nightly update of invoices: no document event, and `modified` stays as it was."""
        for invoice in self.documents.get("Sales Invoice", {}).values():
            is_open = invoice["docstatus"] == 1 and invoice["outstanding_amount"] > 0
            if is_open and invoice["due_date"] < today:
                invoice["status"] = "Overdue"

    def _respond(self, request: Request) -> Response:
        self.calls.append((request.method, unquote(request.path)))
        try:
            return _json(200, self._answer(request))
        except FrappeError as error:
            return _json(STATUS_CODES[error.name], error_body(error))

    def _answer(self, request: Request) -> Any:
        if self.fault is not None:
            raise self.fault
        user = _user_of(request)
        path = unquote(request.path)
        if path.startswith("/api/method/"):
            return self._call(path.removeprefix("/api/method/"), request, user)
        if path.startswith("/api/resource/"):
            doctype, _, name = path.removeprefix("/api/resource/").partition("/")
            return self._resource(request, user, doctype, name)
        raise FrappeError("DoesNotExistError")

    def _call(self, method: str, request: Request, user: str) -> Any:
        if method == "ping":
            return {"message": "pong"}
        if user == "Guest":
            raise FrappeError("PermissionError")
        if method == "frappe.auth.get_logged_user":
            return {"message": user}
        if method == "frappe.desk.form.utils.add_comment":
            return {"message": self._add_comment(_arguments(request), user)}
        raise FrappeError("ValidationError", f"Failed to get method for command {method}")

    def _resource(self, request: Request, user: str, doctype: str, name: str) -> Any:
        documents = self.documents.get(doctype, {})
        if user == "Guest" or doctype not in self.readable:
            raise FrappeError(
                "PermissionError",
                f"User <strong>{user}</strong> does not have doctype access via role permission "
                f"for document <strong>{doctype}</strong>",
            )
        if not name:
            return {"data": select(documents.values(), request.query())}
        if name not in documents:
            raise FrappeError("DoesNotExistError", f"{doctype} {name} not found")
        if request.method == "PUT":
            documents[name].update(_arguments(request))
        return {"data": documents[name]}

    def _add_comment(self, arguments: dict[str, Any], user: str) -> dict[str, Any]:
        """Needs only that the document can be read."""
        missing = [name for name in COMMENT_ARGUMENTS if name not in arguments]
        if missing:
            raise FrappeError("ValidationError", f"missing argument: {missing[0]}")
        doctype, name = arguments["reference_doctype"], arguments["reference_name"]
        if name not in self.documents.get(doctype, {}):
            raise FrappeError("DoesNotExistError", f"{doctype} {name} not found")
        comment = {
            "doctype": "Comment",
            "name": f"c0ffee{len(self.comments):04d}",
            "comment_type": "Comment",
            "owner": user,
            **{argument: arguments[argument] for argument in COMMENT_ARGUMENTS},
        }
        self.comments.append(comment)
        return comment


def error_body(error: FrappeError) -> dict[str, Any]:
    """`_server_messages` is JSON text of a list of JSON texts; tracebacks are off in production."""
    body: dict[str, Any] = {"exc_type": error.name}
    if error.message:
        shown = {"message": error.message, "title": "Message", "indicator": "red"}
        body["_server_messages"] = json.dumps([json.dumps({**shown, "raise_exception": 1})])
    return body


def _user_of(request: Request) -> str:
    """A wrong key is 401 also where guests may enter; none at all is a guest."""
    given = request.headers.get("authorization", "")
    if not given:
        return "Guest"
    if given != f"token {API_KEY}:{API_SECRET}":
        raise FrappeError("AuthenticationError")
    return HUB_USER


def _arguments(request: Request) -> dict[str, Any]:
    if request.headers.get("content-type", "").startswith("application/json"):
        return dict(json.loads(request.body))
    pairs: Iterable[tuple[str, list[str]]] = parse_qs(request.body.decode()).items()
    return {name: values[0] for name, values in pairs}


def _json(status: int, content: Any) -> Response:
    return Response(status, json.dumps(content).encode())
