"""One ERPNext site: its REST API, version 1, over documents in memory."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any
from urllib.parse import parse_qs, unquote

from tests.standins.erpnext.queries import select
from tests.standins.erpnext.sender import Webhook
from tests.standins.outbox import Outbox
from tests.standins.serving import Answer, Cut, Listening, Request, Response

API_KEY, API_SECRET = "a1b2c3d4e5f6a7b", "f1e2d3c4b5a6978"
HUB_USER = "hub@ons.example.test"
COMMENT_ARGUMENTS = (
    *("reference_doctype", "reference_name", "content"),
    *("comment_email", "comment_by"),
)
COMMENT_EVENT = {"event": "comment.added", "site": "erpnext.example.test"}
READABLE = ("Sales Invoice", "Project", "Task", "Comment", "User", "Issue")
STATUSES = {
    "Task": ("Open", "Working", "Pending Review", "Overdue", "Completed", "Cancelled"),
    "Project": ("Open", "Completed", "Cancelled"),
    "Issue": ("Open", "Replied", "On Hold", "Resolved", "Closed"),
}
STATUS_CODES = {
    "AuthenticationError": 401,
    "PermissionError": 403,
    "DoesNotExistError": 404,
    "ValidationError": 417,
    "MandatoryError": 417,
    "TimestampMismatchError": 417,
    "LinkValidationError": 417,
    "SessionStopped": 503,
}


class FrappeError(Exception):
    """An exception of Frappe by its name, with the sentence shown to the user (HTML)."""

    def __init__(self, name: str, message: str = "") -> None:
        super().__init__(message)
        self.name = name
        self.message = message


@dataclass
class ErpNextStandin(Listening):
    """Use it as a context manager; `documents` are by DocType and name.

    `readable` are the DocTypes that the role of the hub's user opens. `fault` is raised at every
    call while it is set. `lost_answers` is how many of the next writes are carried out and then
    not answered. `passing` are errors raised once each by the next changes of documents.
    """

    documents: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    readable: set[str] = field(default_factory=lambda: set(READABLE))
    users: list[dict[str, Any]] = field(default_factory=list)
    comments: list[dict[str, Any]] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)  # method, path
    fault: FrappeError | None = None
    lost_answers: int = 0
    passing: list[FrappeError] = field(default_factory=list)
    api_key: str = API_KEY
    api_secret: str = API_SECRET
    zone: tzinfo = UTC  # of the times it writes
    now: datetime | None = None  # what its clock shows; without one it runs
    webhook: Webhook | None = None  # on Comment, after_insert
    outbox: Outbox = field(default_factory=Outbox)
    show: Callable[[str], Response | None] = lambda _path: None  # a page for people

    def add(self, *documents: dict[str, Any]) -> None:
        for document in documents:
            self.documents.setdefault(document["doctype"], {})[document["name"]] = document

    def run_daily(self, today: str) -> None:
        """The nightly update of invoices: no document event, and `modified` stays as it was."""
        for invoice in self.documents.get("Sales Invoice", {}).values():
            is_open = invoice["docstatus"] == 1 and invoice["outstanding_amount"] > 0
            if is_open and invoice["due_date"] < today:
                invoice["status"] = "Overdue"

    def _respond(self, request: Request) -> Answer:
        self.calls.append((request.method, unquote(request.path)))
        if request.method == "GET" and (page := self.show(request.path)) is not None:
            return page
        try:
            answer = _json(200, self._answer(request))
        except FrappeError as error:
            return _json(STATUS_CODES[error.name], error_body(error))
        if request.method != "GET" and self.lost_answers:
            self.lost_answers -= 1
            return Cut.RESET
        return answer

    def _answer(self, request: Request) -> Any:
        if self.fault is not None:
            raise self.fault
        user = self._user_of(request)
        path = unquote(request.path)
        if path.startswith("/api/method/"):
            return self._call(path.removeprefix("/api/method/"), request, user)
        if path.startswith("/api/resource/"):
            doctype, _, name = path.removeprefix("/api/resource/").partition("/")
            return self._resource(request, user, doctype, name)
        raise FrappeError("DoesNotExistError")

    def _user_of(self, request: Request) -> str:
        """A wrong key is 401 also where guests may enter; none at all is a guest."""
        given = request.headers.get("authorization", "")
        if not given:
            return "Guest"
        if given != f"token {self.api_key}:{self.api_secret}":
            raise FrappeError("AuthenticationError")
        return HUB_USER

    def _call(self, method: str, request: Request, user: str) -> Any:
        if method == "ping":
            return {"message": "pong"}
        if user == "Guest":
            raise FrappeError("PermissionError")
        if method == "frappe.auth.get_logged_user":
            return {"message": user}
        if method == "frappe.desk.form.utils.add_comment":
            return {"message": self._add_comment(_arguments(request), user)}
        if method == "frappe.desk.form.assign_to.add":
            return {"message": self._assign(_arguments(request))}
        raise FrappeError("ValidationError", f"Failed to get method for command {method}")

    def _resource(self, request: Request, user: str, doctype: str, name: str) -> Any:
        documents = self._of(doctype)
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
            self._update(documents[name], _arguments(request))
        return {"data": documents[name]}

    def _of(self, doctype: str) -> dict[str, dict[str, Any]]:
        listed = {"Comment": self.comments, "User": self.users}
        if doctype in listed:
            return {one["name"]: one for one in listed[doctype]}
        return self.documents.get(doctype, {})

    def _update(self, document: dict[str, Any], fields: dict[str, Any]) -> None:
        """Validated as a whole: a refused document stays as it was."""
        if self.passing:
            raise self.passing.pop(0)
        status, allowed = fields.get("status"), STATUSES.get(document["doctype"], ())
        if status is not None and allowed and status not in allowed:
            names = ", ".join(f'"{one}"' for one in allowed)
            raise FrappeError(
                "ValidationError", f'Status cannot be "{status}". It should be one of {names}'
            )
        if status == "Completed" and document["doctype"] == "Task" and "completed_on" not in fields:
            raise FrappeError("MandatoryError", "Completed On is mandatory")
        document.update(fields, modified=self._moment())

    def _assign(self, arguments: dict[str, Any]) -> list[dict[str, Any]]:
        document = self.documents[arguments["doctype"]][arguments["name"]]
        known = {one["name"] for one in self.users}
        names = json.loads(document.get("_assign") or "[]")
        for name in json.loads(arguments["assign_to"]):
            if name not in known:
                raise FrappeError("LinkValidationError", f"Could not find Allocated To: {name}")
            names += [name] if name not in names else []
        document["_assign"] = json.dumps(names)
        return [{"owner": name} for name in names]

    def _moment(self) -> str:
        """In the zone of the site, without an offset."""
        now = (self.now or datetime.now(UTC)).astimezone(self.zone)
        return f"{now:%Y-%m-%d %H:%M:%S.%f}"

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
            "creation": self._moment(),
            "modified": self._moment(),
            **{argument: arguments[argument] for argument in COMMENT_ARGUMENTS},
        }
        self.comments.append(comment)
        if self.webhook is not None:
            webhook = self.webhook
            self.outbox.put(lambda: webhook.send({**COMMENT_EVENT, **comment, "doc": comment}))
        return comment


def error_body(error: FrappeError) -> dict[str, Any]:
    """`_server_messages` is JSON text of a list of JSON texts; tracebacks are off in production."""
    body: dict[str, Any] = {"exc_type": error.name}
    if error.message:
        shown = {"message": error.message, "title": "Message", "indicator": "red"}
        body["_server_messages"] = json.dumps([json.dumps({**shown, "raise_exception": 1})])
    return body


def _arguments(request: Request) -> dict[str, Any]:
    if request.headers.get("content-type", "").startswith("application/json"):
        return dict(json.loads(request.body))
    pairs: Iterable[tuple[str, list[str]]] = parse_qs(request.body.decode()).items()
    return {name: values[0] for name, values in pairs}


def _json(status: int, content: Any) -> Response:
    return Response(status, json.dumps(content).encode())
