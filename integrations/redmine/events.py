"""Redmine's requests: recognised and proven in the request, understood in the drain."""

import re
from collections.abc import Mapping, Sequence

from hub import signatures
from hub.contracts import (
    Actor,
    ExternalReference,
    Identity,
    InboundRequest,
    JSONObject,
    JSONValue,
    ParsedEvent,
    Severity,
    SourceView,
)
from integrations.redmine import facts, kinds
from integrations.redmine.issues import RedmineIssue, RedmineNews, RedmineUser, read_news
from integrations.redmine.markup import note_plain
from integrations.redmine.reading import as_object, is_number, read_time, write_time

SIGNATURE_HEADER = "x-redmine-signature-256"
DEFAULT_URGENT = ("urgent", "immediate")  # as Redmine's default data call them
LINK = re.compile(r"https?://\S+")
LISTED_FIELDS = ("status", "priority", "tracker")  # whose ids Redmine has a list for
CREATED_PATHS = ("status", "assignee", "priority")


def verify(request: InboundRequest, secret: str) -> None:
    """HMAC-SHA256 over the raw body (Redmine 7.0); the plugin cannot sign.

    Raises VerificationError.
    """
    given = request.headers.get(SIGNATURE_HEADER, "")
    signatures.check_hmac(given, secret=secret, body=request.body, prefix="sha256=")


def sign(request: InboundRequest, secret: str) -> Mapping[str, str]:
    """As Redmine 7.0 signs."""
    return {
        SIGNATURE_HEADER: signatures.make_hmac(secret=secret, body=request.body, prefix="sha256=")
    }


def identify(request: InboundRequest) -> Identity:
    """The same key for the same fact, whether it was sent or found by looking.

    Raises PayloadError only for what is not JSON.
    """
    body = as_object(request.json())
    payload = as_object(body.get("payload"))
    content = payload or as_object(body.get("data"))
    issue, journal = as_object(content.get("issue")), as_object(content.get("journal"))
    word = kinds.PLUGIN_WORDS.get(_word(payload.get("action")))
    kind = word or kinds.NATIVE_WORDS.get(_word(body.get("type")), "")
    issue_id = _number(issue.get("id"))
    return Identity(
        dedup_key=_key(kind, issue_id, issue, _number(journal.get("id"))),
        reference=f"#{issue_id}" if issue_id else "",
    )


def parse(request: InboundRequest, source: SourceView) -> ParsedEvent:
    """Pure. Raises PayloadError with the place of the first surprise."""
    news = read_news(request)
    found, note_access = _kinds_of(news), _note_access(news, source)
    is_withheld = note_access != "public" and found[0] != kinds.COMMENTED
    if is_withheld:
        found = [kind for kind in found if kind != kinds.COMMENTED]
    issue, journal = news.issue, news.journal
    details = journal.details if journal else ()
    data = _issue_data(issue) | _update_data(news)
    data |= {
        "is_own": _is_own(news, source),
        "note": "" if is_withheld or journal is None else journal.note,
        "is_note_private": note_access == "private",
        "is_note_unchecked": note_access == "unchecked",
    }
    return ParsedEvent(
        kinds=tuple(found),
        title=issue.subject,
        reference=ExternalReference(
            issue.id, _display(issue, source), write_time(issue.created_at)
        ),
        url=_url(news, source),
        actor=_actor(news),
        severity=_severity(found[0], issue, source),
        is_private=issue.is_private or (note_access != "public" and not is_withheld),
        data=data,
        changed=_changed(news, found, facts.changed_fields(details)),
        ignored_because=_ignored_because(news, found, source),
        state_keys=_state_keys(news),
        note_id=journal.id if journal and journal.note else "",
        note_text=note_plain(source, journal.whole_note) if journal else "",
    )


def issue_key(issue_id: str) -> str:
    """SourceState row: what was last known of an issue."""
    return f"issue:{issue_id}"


def list_key(field: str) -> str:
    """SourceState row: what the ids of a field are called, and which statuses are closed ones."""
    return f"list:{field}"


def _key(kind: str, issue_id: str, issue: JSONObject, journal_id: str) -> str | None:
    """None: what has the same body within ten minutes is the same."""
    if kind == kinds.UPDATED:
        return f"journal:{journal_id}" if journal_id else None
    created_on = issue.get("created_on")
    created_at = read_time(created_on) if isinstance(created_on, str) else None
    if not kind or not issue_id or created_at is None:
        return None
    return f"{kind.removeprefix('issue.')}:{issue_id}:{write_time(created_at)}"


def _number(value: JSONValue) -> str:
    text = str(value) if isinstance(value, int | str) else ""
    return text if is_number(text) else ""


def _word(value: JSONValue) -> str:
    return value.strip() if isinstance(value, str) else ""


def _kinds_of(news: RedmineNews) -> list[str]:
    if news.kind != kinds.UPDATED or news.journal is None:
        return [news.kind]
    status_kind, journal = facts.status_kind_of(news), news.journal
    return facts.kinds_of_update(journal.details, status_kind, has_note=bool(journal.note))


def _note_access(news: RedmineNews, source: SourceView) -> str:
    """Redmine's own webhook shows what the owner of the webhook may read, and does not say whether
    others may too. With a key it can be looked up, and until then nobody is told."""
    journal = news.journal
    if journal is None or not journal.note:
        return "public"
    if journal.is_private is not None:
        return "private" if journal.is_private else "public"
    return "unchecked" if source.credentials.get("api_key") else "public"


def _display(issue: RedmineIssue, source: SourceView) -> str:
    prefix = source.options.get("prefix")
    return f"{prefix.strip()[:50] if isinstance(prefix, str) else ''}#{issue.id}"


def _url(news: RedmineNews, source: SourceView) -> str:
    """A commit that changes an issue makes the plugin send “not yet implemented” here.

    What is deleted has no page any more.
    """
    if news.kind == kinds.DELETED:
        return ""
    if source.base_url:
        return f"{source.base_url}/issues/{news.issue.id}"
    return news.url if LINK.fullmatch(news.url) else ""


def _actor(news: RedmineNews) -> Actor | None:
    """Nobody for a deletion: who did it is not sent."""
    person = news.issue.author if news.kind == kinds.CREATED else RedmineUser()
    if news.journal is not None:
        person = news.journal.user
    return Actor(person.name, person.login, person.email) if person.name else None


def _severity(kind: str, issue: RedmineIssue, source: SourceView) -> Severity:
    value = source.options.get("urgent_priorities")
    names = value if isinstance(value, list) else [value] if value else [*DEFAULT_URGENT]
    urgent = {str(name).strip().lower() for name in names}
    is_urgent = issue.priority.name.lower() in urgent
    return "urgent" if is_urgent and kind == kinds.CREATED else kinds.SEVERITIES.get(kind, "info")


def _changed(news: RedmineNews, found: Sequence[str], fields: Sequence[str]) -> tuple[str, ...]:
    """A new issue got a status and a priority, too: a rule on “changed” means that as well."""
    if news.kind == kinds.CREATED:
        return CREATED_PATHS
    note = ("note",) if kinds.COMMENTED in found else ()
    return (*fields, *note)


def _ignored_because(news: RedmineNews, found: Sequence[str], source: SourceView) -> str:
    """A closing or another change of status by the hub is news for those who did not order it."""
    journal = news.journal
    if journal is None:
        return ""
    if news.is_from_plugin and not journal.id and not journal.details and not journal.note:
        return kinds.EMPTY_UPDATE
    if found[0] not in (kinds.COMMENTED, kinds.UPDATED):
        return ""
    return kinds.OWN_ECHO if _is_own(news, source) and not _may_hide_changes(news) else ""


def _is_own(news: RedmineNews, source: SourceView) -> bool:
    if news.journal is None:
        return False
    user = news.journal.user
    own_login = str(source.options.get("own_login") or "").strip().lower()
    own_id = str(source.options.get("own_id") or "").strip()
    return bool(own_login and user.login.lower() == own_login) or bool(own_id and user.id == own_id)


def _may_hide_changes(news: RedmineNews) -> bool:
    return news.is_from_plugin and news.journal is not None and news.journal.is_private is True


def _state_keys(news: RedmineNews) -> tuple[str, ...]:
    fields = facts.changed_fields(news.journal.details) if news.journal else ()
    listed = (field for field in LISTED_FIELDS if field in fields or field == "status")
    return (issue_key(news.issue.id), *map(list_key, listed))


def _issue_data(issue: RedmineIssue) -> JSONObject:
    custom: list[JSONValue] = [
        {"name": name, "value": value} for _id, name, value in issue.custom_fields if value
    ]
    return {
        "subject": issue.subject,
        "description": issue.description,
        "project": issue.project.name,
        "tracker": issue.tracker.name,
        "status": issue.status.name,
        "status_id": issue.status.id,
        "is_closed": issue.is_closed,
        "priority": issue.priority.name,
        "category": issue.category.name,
        "version": issue.version.name,
        "parent": issue.parent_id,
        "author": issue.author.name,
        "assignee": issue.assignee.name,
        "assignee_login": issue.assignee.login,
        "assignee_email": issue.assignee.email,
        "is_assigned": bool(issue.assignee.id or issue.assignee.name),
        "due_date": issue.due_date,
        "done_ratio": issue.done_ratio,
        "custom_fields": custom,
        "is_issue_private": issue.is_private,
        "created_at": write_time(issue.created_at),
        "updated_at": write_time(issue.updated_at),
        "closed_at": write_time(issue.closed_at),
    }


def _update_data(news: RedmineNews) -> JSONObject:
    """What the journal says. `status` is the one it led to, also if another one followed."""
    journal = news.journal
    details = journal.details if journal else ()
    data: JSONObject = {
        "old_status": "",
        "old_status_id": "",
        "changes": facts.changes_of(details, news.issue),
        "journal_id": journal.id if journal else "",
        "actor_id": journal.user.id if journal else "",
        "changed_at": write_time((journal and journal.created_at) or news.issue.updated_at),
        "may_hide_changes": _may_hide_changes(news),
    }
    detail = facts.status_detail(details)
    if detail is not None:
        data |= {"old_status_id": detail.old, "status_id": detail.new}
        if detail.new != news.issue.status.id:
            data |= {"status": "", "is_closed": None}
    return data
