"""How a rule and its channel calm a message: quiet hours, groups, repeats. Pure."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.contracts import ParsedEvent
from hub.rules import CompiledChannel, CompiledRule
from hub.windows import QuietHours, on_the_clock, quiet_until

URGENT = "urgent"


@dataclass(frozen=True, slots=True)
class Calming:
    """`waits_for` is why it waits until then. The keys name what it may be told together with."""

    waits_until: datetime | None = None
    waits_for: str = ""
    gather_key: str = ""
    repeat_key: str = ""
    repeat_window: timedelta = timedelta()
    is_dropped: bool = False


@dataclass(frozen=True, slots=True)
class _Quiet:
    until: datetime
    hours: QuietHours
    is_of_rule: bool


UNCALMED = Calming()


def calm(
    rule: CompiledRule,
    channel: CompiledChannel,
    event: ParsedEvent,
    *,
    source_id: int,
    now: datetime,
) -> Calming:
    """What is to be done with one message of `rule` for `channel`."""
    if not rule.is_calming and channel.quiet is None:
        return UNCALMED
    repeat_window = timedelta(minutes=rule.repeat_minutes)
    repeat_key = _repeat_key(rule, channel, event, source_id) if repeat_window else ""
    quiet = _find_quiet(rule, channel, event, now)
    if quiet is None:
        until = now + timedelta(seconds=rule.group_seconds) if rule.group_seconds else None
        reason = f"grouped until {on_the_clock(until, channel.zone, now)}" if until else ""
        key = f"group:{rule.id}:{channel.id}" if until else ""
        return Calming(until, reason, key, repeat_key, repeat_window)
    reason = f"quiet hours until {on_the_clock(quiet.until, channel.zone, now)}"
    if quiet.hours.afterwards == "drop":
        return Calming(waits_for=reason, is_dropped=True)
    key = f"digest:{rule.id if quiet.is_of_rule else 0}:{channel.id}"
    gather_key = key if quiet.hours.afterwards == "digest" else ""
    return Calming(quiet.until, reason, gather_key, repeat_key, repeat_window)


def _find_quiet(
    rule: CompiledRule, channel: CompiledChannel, event: ParsedEvent, now: datetime
) -> _Quiet | None:
    """Where both are quiet the rule says what happens afterwards, and the later end counts."""
    is_urgent = URGENT in (event.severity, rule.priority)
    found = [
        _Quiet(until, hours, hours is rule.quiet)
        for hours in (rule.quiet, channel.quiet)
        if hours is not None
        and not (is_urgent and hours.lets_urgent_pass)
        and (until := quiet_until(hours, now, channel.zone)) is not None
    ]
    if not found:
        return None
    return _Quiet(max(one.until for one in found), found[0].hours, found[0].is_of_rule)


def _repeat_key(
    rule: CompiledRule, channel: CompiledChannel, event: ParsedEvent, source_id: int
) -> str:
    """The same kind of news, as severe, about the same thing: a recovery repeats no outage."""
    about = event.reference.external_id if event.reference is not None else event.title
    marker = event.reference.created_marker if event.reference is not None else None
    parts = (rule.id, channel.id, source_id, event.kinds[:1], event.severity, about, marker)
    return hashlib.sha256(repr(parts).encode()).hexdigest()
