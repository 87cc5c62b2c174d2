"""A Redmine request read into typed records, whichever of its three forms it has.

Redmine's own webhook, and what the hub finds by looking: `type` and `data`, with the issue as its
REST API gives it. The plugin's: `payload`, with field names of its own.
"""

from dataclasses import dataclass
from datetime import datetime

from hub.contracts import InboundRequest, JSONObject, JSONValue, PayloadError
from integrations.redmine.kinds import NATIVE_WORDS, PLUGIN_WORDS
from integrations.redmine.reading import Node, cut

MAX_NOTE_CHARS = 600
MAX_WHOLE_CHARS = 100_000  # a note from Mattermost has 16,383 characters at most
MAX_VALUE_CHARS = 120
MAX_DETAILS = 30
MAX_CUSTOM_FIELDS = 20


@dataclass(frozen=True, slots=True)
class Named:
    """`{"id": 2, "name": "In Progress"}`; both empty when there is none."""

    id: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class RedmineUser:
    """Redmine itself sends no login and no address, the plugin does."""

    id: str = ""
    name: str = ""
    login: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class RedmineIssue:
    id: str
    subject: str
    description: str
    project: Named
    tracker: Named
    status: Named
    is_closed: bool | None  # None: not said
    priority: Named
    category: Named
    version: Named
    parent_id: str
    author: RedmineUser
    assignee: RedmineUser
    due_date: str
    done_ratio: str
    is_private: bool
    custom_fields: tuple[tuple[str, str, str], ...]  # id, name, value
    created_at: datetime | None
    updated_at: datetime | None
    closed_at: datetime | None  # of the last time it was closed, also when it is open again


@dataclass(frozen=True, slots=True)
class Detail:
    """One change of a journal. Values of attributes that name something are ids."""

    property: str  # attr, cf, attachment, relation
    name: str
    old: str = ""
    new: str = ""


@dataclass(frozen=True, slots=True)
class Journal:
    """One update. Without an id it is the plugin's report of an update that changed nothing."""

    id: str
    user: RedmineUser
    note: str
    whole_note: str  # not cut
    is_private: bool | None  # None: Redmine's own webhook does not say
    created_at: datetime | None
    details: tuple[Detail, ...]


@dataclass(frozen=True, slots=True)
class RedmineNews:
    """One request. `kind` is created, updated or deleted, and `journal` says what was updated."""

    kind: str
    issue: RedmineIssue
    journal: Journal | None
    url: str = ""
    is_from_plugin: bool = False


def read_news(request: InboundRequest) -> RedmineNews:
    """Raises PayloadError with the place of the first surprise."""
    body = request.json()
    if not isinstance(body, dict):
        raise PayloadError("the body is not a JSON object")
    if "payload" in body:
        return _read_plugin(Node(body).node("payload"))
    if "type" in body:
        return _read_native(Node(body))
    raise PayloadError(
        "this is neither Redmine's own webhook (type and data) nor that of the plugin (payload)",
        "type",
    )


def read_journal(node: Node) -> Journal:
    """Of either webhook or of the REST API, which all name the fields of details differently."""
    user = "user" if "user" in node.value else "author"
    return Journal(
        id=node.id("id"),
        user=_read_user(node.node(user)),
        note=_prose(node, "notes"),
        whole_note=node.text("notes")[:MAX_WHOLE_CHARS],
        is_private=node.flag("private_notes"),
        created_at=node.time("created_on"),
        details=tuple(_read_detail(one) for one in node.nodes("details", MAX_DETAILS)),
    )


def _read_native(root: Node) -> RedmineNews:
    word = root.line("type", MAX_VALUE_CHARS)
    kind = NATIVE_WORDS.get(word)
    if kind is None:
        raise PayloadError(
            f"“{word}” is not about an issue: untick it in Redmine's webhook "
            "(the hub knows issue.created, issue.updated and issue.deleted)",
            "type",
        )
    data = root.node("data")
    journal = read_journal(data.node("journal")) if data.value.get("journal") else None
    return RedmineNews(kind, _read_issue(data.node("issue")), journal)


def _read_plugin(payload: Node) -> RedmineNews:
    word = payload.line("action", MAX_VALUE_CHARS)
    if word not in PLUGIN_WORDS:
        raise payload.surprise("action", f"is “{word}”, and neither opened nor updated")
    journal = read_journal(payload.node("journal")) if payload.value.get("journal") else None
    issue = _read_issue(payload.node("issue"))
    url = payload.line("url", 500)
    return RedmineNews(PLUGIN_WORDS[word], issue, journal, url, is_from_plugin=True)


def _read_issue(node: Node) -> RedmineIssue:
    issue_id = node.id("id")
    if not issue_id:
        raise node.surprise("id", "is missing")
    status = node.node("status")
    assignee = "assigned_to" if "assigned_to" in node.value else "assignee"
    return RedmineIssue(
        id=issue_id,
        subject=node.line("subject"),
        description=_prose(node, "description"),
        project=_read_named(node, "project"),
        tracker=_read_named(node, "tracker"),
        status=_read_named(node, "status"),
        is_closed=status.flag("is_closed"),
        priority=_read_named(node, "priority"),
        category=_read_named(node, "category"),
        version=_read_named(node, "fixed_version"),
        parent_id=node.node("parent").id("id") or node.id("parent_id"),
        author=_read_user(node.node("author")),
        assignee=_read_user(node.node(assignee)),
        due_date=node.line("due_date", MAX_VALUE_CHARS),
        done_ratio=node.line("done_ratio", MAX_VALUE_CHARS),
        is_private=node.flag("is_private") is True,
        custom_fields=_read_custom_fields(node),
        created_at=node.time("created_on"),
        updated_at=node.time("updated_on"),
        closed_at=node.time("closed_on"),
    )


def _read_named(node: Node, name: str) -> Named:
    inner = node.node(name)
    return Named(inner.id("id"), inner.line("name", MAX_VALUE_CHARS))


def _read_user(node: Node) -> RedmineUser:
    full_name = f"{node.line('firstname')} {node.line('lastname')}".strip()
    login = node.line("login")
    return RedmineUser(
        id=node.id("id"),
        name=node.line("name") or full_name or login,
        login=login,
        email=node.line("mail"),
    )


def _read_custom_fields(node: Node) -> tuple[tuple[str, str, str], ...]:
    if "custom_field_values" in node.value:
        return tuple(
            (one.id("custom_field_id"), one.line("custom_field_name"), _custom_value(one))
            for one in node.nodes("custom_field_values", MAX_CUSTOM_FIELDS)
        )
    fields = node.nodes("custom_fields", MAX_CUSTOM_FIELDS)
    return tuple((one.id("id"), one.line("name"), _custom_value(one)) for one in fields)


def _custom_value(node: Node) -> str:
    """A field for several values has a list."""
    value = node.value.get("value")
    values: list[JSONValue] = value if isinstance(value, list) else [value]
    numbered: JSONObject = {str(place): one for place, one in enumerate(values[:MAX_DETAILS])}
    inner = Node(numbered, node.at("value"))
    texts = [_flag_or_line(inner, place) for place in numbered]
    return cut(", ".join(text for text in texts if text), MAX_VALUE_CHARS)


def _read_detail(node: Node) -> Detail:
    """`prop_key` and `value` in webhooks, `name` and `new_value` in the REST API."""
    return Detail(
        property=node.line("property", MAX_VALUE_CHARS),
        name=node.line("prop_key" if "prop_key" in node.value else "name", MAX_VALUE_CHARS),
        old=_flag_or_line(node, "old_value"),
        new=_flag_or_line(node, "value" if "value" in node.value else "new_value"),
    )


def _flag_or_line(node: Node, name: str) -> str:
    value = node.value.get(name)
    return str(value).lower() if isinstance(value, bool) else node.line(name, MAX_VALUE_CHARS)


def _prose(node: Node, name: str) -> str:
    text = node.text(name).replace("\r\n", "\n").strip()
    return cut(text, MAX_NOTE_CHARS)
