"""How long, as people type it in chat: `30m`, `2 h`, `1d`, `until 17:00`, `tot 17:00`. Pure."""

import re
from datetime import datetime, time, timedelta

PARTS = re.compile(
    r"(?P<n>\d{1,4})\s*"
    r"(?P<unit>weeks?|weken|wk|w|days?|dagen|dag|d|hours?|hrs?|uren|uur|u|h|minuten|minutes?|minuut|min|m)"
)
UNTIL = re.compile(
    r"(?:until|till|til|tot)\s+(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d\d))?(?:\s*(?:uur|u))?"
)
FILLERS = re.compile(r"^(?:for|voor)\s+|,|\b(?:and|en)\b")
UNITS = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "u": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
LONGEST = timedelta(days=366)


def parse_duration(text: str, *, now: datetime) -> timedelta | None:
    """None for what is no duration, for none at all, and for more than a year.

    `now` is in the zone whose clock is meant: “until 17:00” is today's, or tomorrow's when it is
    later than that.
    """
    text = text.strip().lower()
    found = UNTIL.fullmatch(text)
    length = _until(found, now) if found is not None else _sum(FILLERS.sub(" ", text))
    return length if length is not None and timedelta() < length <= LONGEST else None


def _sum(text: str) -> timedelta | None:
    """`1h30m`, `1 d 12 h`; None when anything else stands between."""
    if PARTS.sub("", text).strip():
        return None
    parts = [int(one["n"]) * UNITS[one["unit"][0]] for one in PARTS.finditer(text)]
    return sum(parts, timedelta()) if parts else None


def _until(found: re.Match[str], now: datetime) -> timedelta | None:
    hour, minute = int(found["hour"]), int(found["minute"] or 0)
    if hour > 23 or minute > 59:
        return None
    end = datetime.combine(now.date(), time(hour, minute), now.tzinfo)
    if end <= now:
        end = datetime.combine(now.date() + timedelta(days=1), time(hour, minute), now.tzinfo)
    return timedelta(seconds=end.timestamp() - now.timestamp())
