"""Looks for changes in a Redmine that sends no webhooks, and makes requests of them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hub.contracts import DeliveryError, JSONObject, Polled, SourceView
from integrations.redmine.client import (
    POLL_TIMEOUT_S,
    can_ask,
    fetch_changed,
    fetch_issue,
    fetch_last_change,
)
from integrations.redmine.reading import as_object, read_time, write_time
from integrations.redmine.retelling import Fact, facts_of

OVERLAP = timedelta(seconds=30)  # a change shows when its transaction ends, dated at its beginning
PAGE_STEP = 90  # of 100: rows move to the end while pages are read, so pages overlap
MAX_PAGES = 100
MAX_ISSUES = 50  # each is a call; the next look goes on where this one stopped
ENOUGH_READS = 2  # the second is surely later than the second of the change
GONE = (403, 404)  # deleted or hidden since the list was made
FIRST_MARGIN = timedelta(hours=1)  # without any issue there is no clock but ours, and nothing old


@dataclass(frozen=True, slots=True)
class Window:
    """Where the looking is. `cursor` and `known_until` differ while a heap is worked off.

    `seen` has, by issue id, the issues that the overlap brings again, and what was told of each:
    `{created_on, updated_on, reads, told}`.
    """

    quiet_until: datetime  # what happened up to the first look is not announced
    known_until: datetime  # all that happened before is told
    cursor: datetime  # how far the list was worked off
    seen: JSONObject

    def is_news(self, fact: Fact) -> bool:
        return fact.at > self.quiet_until and fact.at >= self.known_until - OVERLAP


@dataclass(frozen=True, slots=True)
class Listed:
    """Issues that have to be read, oldest change first. `until` is the last change listed."""

    unread: tuple[JSONObject, ...]
    until: datetime
    is_complete: bool


def poll(source: SourceView, state: JSONObject, now: datetime) -> Polled:
    """The first look, without a state, announces nothing. Raises DeliveryError."""
    if not can_ask(source):
        raise DeliveryError("Redmine can be asked only with an address and an api_key: enter both")
    window = _read_window(state)
    if window is not None:
        return _look(source, window)
    start = read_time(fetch_last_change(source)) or now - FIRST_MARGIN
    first = _look(source, Window(start, start, start, {}))
    return replace(first, requests=())


def _look(source: SourceView, window: Window) -> Polled:
    listed = _list_changed(source, window)
    taken = listed.unread[:MAX_ISSUES]
    seen = dict(window.seen)
    news = [fact for row in taken for fact in _read_issue(source, row, window, seen)]
    requests = [fact.as_request() for fact in sorted(news, key=lambda fact: fact.order)]
    return Polled(tuple(requests), _write_window(_moved(window, listed, seen)))


def _list_changed(source: SourceView, window: Window) -> Listed:
    """As many pages as it takes to find enough to read."""
    since = write_time(window.cursor - OVERLAP)
    rows: dict[str, JSONObject] = {}
    until, is_complete = window.cursor, False
    for page_number in range(MAX_PAGES):
        page = fetch_changed(source, since, page_number * PAGE_STEP)
        rows |= {str(row.get("id")): row for row in page.issues if not _is_settled(row, window)}
        until = max([until, *(changed_at(row) or until for row in page.issues)])
        is_complete = page_number * PAGE_STEP + len(page.issues) >= page.total
        if is_complete or not page.issues or len(rows) > MAX_ISSUES:
            break
    return Listed(tuple(rows.values()), until, is_complete and len(rows) <= MAX_ISSUES)


def _is_settled(row: JSONObject, window: Window) -> bool:
    entry = as_object(window.seen.get(str(row.get("id"))))
    is_same = all(entry.get(name) == row.get(name) for name in ("created_on", "updated_on"))
    reads = entry.get("reads")
    return is_same and isinstance(reads, int) and reads >= ENOUGH_READS


def _read_issue(
    source: SourceView, row: JSONObject, window: Window, seen: JSONObject
) -> Iterable[Fact]:
    """What is new about one issue; `seen` is kept up."""
    issue_id = str(row.get("id"))
    entry = as_object(seen.get(issue_id))
    if entry.get("created_on") != row.get("created_on"):
        entry = {}  # the id was given to another issue
    found = _fetch_facts(source, issue_id)
    before = entry.get("told")
    told = set(map(str, before if isinstance(before, list) else []))
    reads = entry.get("reads") if entry.get("updated_on") == row.get("updated_on") else 0
    seen[issue_id] = {
        "created_on": row.get("created_on"),
        "updated_on": row.get("updated_on"),
        "reads": (reads if isinstance(reads, int) else 0) + 1,
        "told": [fact.name for fact in found if fact.at >= window.known_until - OVERLAP],
    }
    return [fact for fact in found if fact.name not in told and window.is_news(fact)]


def _fetch_facts(source: SourceView, issue_id: str) -> list[Fact]:
    try:
        issue = fetch_issue(source, issue_id, timeout_s=POLL_TIMEOUT_S)
    except DeliveryError as error:
        if error.status_code in GONE:
            return []
        raise
    return facts_of(issue)


def _moved(window: Window, listed: Listed, seen: JSONObject) -> Window:
    if listed.is_complete:
        window = replace(window, known_until=listed.until, cursor=listed.until)
    else:
        last = changed_at(listed.unread[:MAX_ISSUES][-1]) if listed.unread else None
        window = replace(window, cursor=max(window.cursor, last or window.cursor))
    horizon = window.known_until - OVERLAP
    kept: JSONObject = {
        issue_id: entry
        for issue_id, entry in seen.items()
        if (changed_at(as_object(entry)) or horizon) >= horizon
    }
    return replace(window, seen=kept)


def changed_at(row: JSONObject) -> datetime | None:
    return read_time(str(row.get("updated_on") or ""))


def _read_window(state: JSONObject) -> Window | None:
    """None at the first look."""
    names = ("quiet_until", "known_until", "cursor")
    quiet, known, cursor = (read_time(str(state.get(name) or "")) for name in names)
    if quiet is None or known is None or cursor is None:
        return None
    return Window(quiet, known, cursor, as_object(state.get("seen")))


def _write_window(window: Window) -> JSONObject:
    return {
        "quiet_until": write_time(window.quiet_until),
        "known_until": write_time(window.known_until),
        "cursor": write_time(window.cursor),
        "seen": window.seen,
    }
