"""When quiet hours and maintenance begin and end: times on a wall clock as moments. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
MAX_JOINED = 8  # quiet times that follow each other without a gap: a week and a bit


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `start` until `end`, over midnight where `end` is the earlier; all day where equal.

    `days` are those on which it begins, Monday is 0; empty: every day.
    """

    start: time
    end: time
    days: frozenset[int] = frozenset()
    afterwards: str = "later"
    lets_urgent_pass: bool = True


@dataclass(frozen=True, slots=True)
class Window:
    """From `starts_at` until before `ends_at`."""

    starts_at: datetime
    ends_at: datetime


def quiet_until(hours: QuietHours, now: datetime, zone: str) -> datetime | None:
    """When the quiet time under way ends, in UTC; None when there is none.

    Times on the clock stay what they are when summer time begins or ends.
    """
    end: datetime | None = None
    for _joined in range(MAX_JOINED):
        later = _end_of_period(hours, end or now, ZoneInfo(zone))
        if later is None:
            break
        end = later
    return end


def find_occurrence(first: Window, now: datetime, *, is_weekly: bool, zone: str) -> Window | None:
    """The one of `first` or, if weekly, its repetitions that is under way."""
    for one in _occurrences(first, now, is_weekly=is_weekly, zone=ZoneInfo(zone)):
        if one.starts_at <= now < one.ends_at:
            return one
    return None


def on_the_clock(moment: datetime, zone: str, now: datetime) -> str:
    """`15:30`, with its day where that is not today."""
    local = moment.astimezone(ZoneInfo(zone))
    is_today = local.date() == now.astimezone(ZoneInfo(zone)).date()
    return f"{local:%H:%M}" if is_today else f"{local.day} {local:%b %H:%M}"


def _end_of_period(hours: QuietHours, now: datetime, zone: ZoneInfo) -> datetime | None:
    today = now.astimezone(zone).date()
    for day in (today - DAY, today):
        if hours.days and day.weekday() not in hours.days:
            continue
        end = _moment(day if hours.end > hours.start else day + DAY, hours.end, zone)
        if _moment(day, hours.start, zone) <= now < end:
            return end
    return None


def _occurrences(
    first: Window, now: datetime, *, is_weekly: bool, zone: ZoneInfo
) -> Iterator[Window]:
    """Those that may be under way: of a weekly one, that of this week and the one before."""
    if not is_weekly or now < first.starts_at:
        yield first
        return
    start, end = first.starts_at.astimezone(zone), first.ends_at.astimezone(zone)
    weeks = (now.astimezone(zone).date() - start.date()) // WEEK
    for week in range(max(0, weeks - 1), weeks + 1):
        shift = WEEK * week
        yield Window(
            _moment(start.date() + shift, start.time(), zone),
            _moment(end.date() + shift, end.time(), zone),
        )


def _moment(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """In UTC: times of one zone are compared by the clock, which runs twice through an hour."""
    return datetime.combine(day, clock, zone).astimezone(UTC)
