"""What a request is about: as it says, or as its ticket and article let one conclude."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from integrations.zammad.kinds import SLA
from integrations.zammad.tickets import ZammadNews

# Fields in the list of changes: its words are in the language of the Zammad system.
CHANGE_FIELDS: Mapping[str, str] = {
    "state": "state",
    "status": "state",
    "priority": "priority",
    "prioriteit": "priority",
    "priorität": "priority",
    "owner": "owner",
    "eigenaar": "owner",
    "besitzer": "owner",
    "group": "group",
    "groep": "group",
    "gruppe": "group",
}
RANK = re.compile(r"\d{1,9}")
NEW_STATE = "new"
REMINDER_STATE = "pending reminder"
CLOSED_STATES = frozenset(("closed", "gesloten", "geschlossen"))
NO_REPLIES = frozenset(("note", ""))  # kinds of article that reach no customer
SAME_CHANGE = timedelta(seconds=60)  # one change sets all its times at once, SLAs a moment later
QUIET = timedelta(minutes=5)  # unchanged for longer than Zammad retries: time itself was the cause
WARNED_BEFORE = timedelta(minutes=15)  # Ticket.process_escalation


def settle_kinds(said: str, news: ZammadNews, now: datetime) -> tuple[str, ...]:
    """What was said is exactly that; the deadline has the last word about an SLA."""
    if said not in (SLA, "ticket.sla_warning"):
        return (said,)
    deadline = news.ticket.escalation_at
    if deadline is None or deadline > now:
        return ("ticket.sla_warning",)
    if said == SLA:
        return ("ticket.sla_breached",)
    return ("ticket.sla_breached", said)  # a warning that came too late is both


def infer_kinds(news: ZammadNews, now: datetime, closed_states: frozenset[str]) -> tuple[str, ...]:
    """What a request is about that does not say so: one or more, the weightiest first."""
    if kind := _timed_kind(news, now):
        return (kind,)
    if _is_new(news):
        return ("ticket.created",)
    kinds = _kinds_from_changes(news, closed_states) or _kinds_from_state(news, closed_states)
    replied = ("ticket.replied",) if _has_new_reply(news) else ()
    return (*kinds, *replied) or ("ticket.updated",)


def changed_fields(news: ZammadNews) -> tuple[str, ...]:
    """The paths that the list of changes names."""
    return tuple(_changes(news))


def _is_same_change(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and other is not None and abs(one - other) <= SAME_CHANGE


def _is_new(news: ZammadNews) -> bool:
    ticket = news.ticket
    if ticket.state.lower() != NEW_STATE or (ticket.article_count or 0) > 1 or news.changes:
        return False
    unknown_times = ticket.created_at is None or ticket.updated_at is None
    return unknown_times or _is_same_change(ticket.created_at, ticket.updated_at)


def _kinds_from_changes(news: ZammadNews, closed_states: frozenset[str]) -> tuple[str, ...]:
    changes = _changes(news)
    kinds = (
        _state_kind(*changes.get("state", ("", "")), closed_states),
        _priority_kind(*changes.get("priority", ("", ""))),
    )
    return tuple(kind for kind in kinds if kind)


def _changes(news: ZammadNews) -> dict[str, tuple[str, str]]:
    """Our field → its old and new value, from lines such as `Priority: 2 normal -> 3 high`."""
    changes = {}
    for line in news.changes:
        label, _, values = line.partition(":")
        old, _, new = values.lower().partition("->")
        if name := CHANGE_FIELDS.get(label.strip().lower()):
            changes[name] = old.strip(), new.strip()
    return changes


def _state_kind(old: str, new: str, closed_states: frozenset[str]) -> str:
    if not new or (old in closed_states) == (new in closed_states):
        return ""
    return "ticket.closed" if new in closed_states else "ticket.reopened"


def _priority_kind(old: str, new: str) -> str:
    """Zammad's names begin with their rank: `2 normal`, `3 high`."""
    old_rank, new_rank = RANK.match(old), RANK.match(new)
    is_raised = old_rank and new_rank and int(new_rank[0]) > int(old_rank[0])
    return "ticket.priority_raised" if is_raised else ""


def _kinds_from_state(news: ZammadNews, closed_states: frozenset[str]) -> tuple[str, ...]:
    """Closed just now, and not a while ago."""
    ticket = news.ticket
    if ticket.state.lower() not in closed_states or news.changes:
        return ()
    unknown_times = ticket.closed_at is None or ticket.updated_at is None
    if unknown_times or _is_same_change(ticket.closed_at, ticket.updated_at):
        return ("ticket.closed",)
    return ()


def is_about_article(news: ZammadNews) -> bool:
    """The article came with this change; Zammad sends the last one along with every other, too."""
    article, ticket = news.article, news.ticket
    if article.created_at is None or ticket.updated_at is None:
        return True
    return _is_same_change(article.created_at, ticket.updated_at)


def _timed_kind(news: ZammadNews, now: datetime) -> str:
    """Nothing was changed lately, and a time has come."""
    ticket = news.ticket
    if news.changes or ticket.updated_at is None or now - ticket.updated_at < QUIET:
        return ""
    if ticket.escalation_at is not None and ticket.escalation_at - now <= WARNED_BEFORE:
        return "ticket.sla_warning" if ticket.escalation_at > now else "ticket.sla_breached"
    is_due = ticket.pending_until is not None and ticket.pending_until <= now
    return "ticket.reminder_reached" if is_due and ticket.state.lower() == REMINDER_STATE else ""


def _has_new_reply(news: ZammadNews) -> bool:
    article = news.article
    if article.is_internal or article.type in NO_REPLIES or news.ticket.article_count == 1:
        return False
    return _is_same_change(article.created_at, news.ticket.updated_at)
