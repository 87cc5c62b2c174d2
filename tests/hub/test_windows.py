"""Quiet hours and weekly maintenance as tables: over midnight, over the week, over summer time."""

from datetime import UTC, datetime, time, timedelta

import pytest

from hub.durations import parse_duration
from hub.windows import QuietHours, Window, find_occurrence, on_the_clock, quiet_until

ZONE = "Europe/Amsterdam"
NIGHT = QuietHours(time(22), time(7))
OFFICE = QuietHours(time(9), time(17))
WEEKEND = QuietHours(time(0), time(0), frozenset({5, 6}))
FRIDAY_NIGHT = QuietHours(time(22), time(7), frozenset({4}))
AROUND_TWO = QuietHours(time(1, 30), time(2, 30))
WORKDAY_NIGHTS = QuietHours(time(18), time(18), frozenset({4, 5}))


def at(text: str) -> datetime:
    """UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "now", "end"),
    [
        (OFFICE, "2026-11-24T07:59:59", None),
        (OFFICE, "2026-11-24T08:00:00", "2026-11-24T16:00:00"),
        (OFFICE, "2026-11-24T15:59:59", "2026-11-24T16:00:00"),
        (OFFICE, "2026-11-24T16:00:00", None),
        # Over midnight: the evening before, the night, the morning.
        (NIGHT, "2026-11-24T20:59:59", None),
        (NIGHT, "2026-11-24T21:00:00", "2026-11-25T06:00:00"),
        (NIGHT, "2026-11-25T02:00:00", "2026-11-25T06:00:00"),
        (NIGHT, "2026-11-25T06:00:00", None),
        # A day counts by its beginning: Friday night goes on into Saturday, Thursday's is none.
        (FRIDAY_NIGHT, "2026-11-28T02:00:00", "2026-11-28T06:00:00"),
        (FRIDAY_NIGHT, "2026-11-27T02:00:00", None),
        (FRIDAY_NIGHT, "2026-11-28T22:00:00", None),
        # Whole days that follow each other are one quiet time.
        (WEEKEND, "2026-11-27T22:59:59", None),
        (WEEKEND, "2026-11-28T12:00:00", "2026-11-29T23:00:00"),
        (WORKDAY_NIGHTS, "2026-11-27T17:00:00", "2026-11-29T17:00:00"),
        # Summer time begins on 29 March 2026: the night has an hour less, and 02:30 is not there.
        (NIGHT, "2026-03-28T21:00:00", "2026-03-29T05:00:00"),
        (AROUND_TWO, "2026-03-29T00:45:00", "2026-03-29T01:30:00"),
        (AROUND_TWO, "2026-03-29T01:30:00", None),
        # It ends on 25 October 2026: an hour more, and 02:30 is there twice; the first counts.
        (NIGHT, "2026-10-24T20:00:00", "2026-10-25T06:00:00"),
        (AROUND_TWO, "2026-10-25T00:15:00", "2026-10-25T00:30:00"),
        (AROUND_TWO, "2026-10-25T01:15:00", None),
    ],
)
def test_quiet_hours_end_on_the_clock(hours: QuietHours, now: str, end: str | None) -> None:
    assert quiet_until(hours, at(now), ZONE) == (at(end) if end else None)


def test_quiet_all_week_ends_in_a_week_and_not_never() -> None:
    always = QuietHours(time(0), time(0))

    end = quiet_until(always, at("2026-11-24T12:00:00"), ZONE)

    assert end is not None
    assert end - at("2026-11-24T12:00:00") < timedelta(days=9)


FIRST = Window(at("2026-03-23T21:00:00"), at("2026-03-24T01:00:00"))  # Monday 22:00 to 02:00


@pytest.mark.parametrize(
    ("now", "is_weekly", "start"),
    [
        ("2026-03-23T20:59:59", True, None),
        ("2026-03-23T21:00:00", False, "2026-03-23T21:00:00"),
        ("2026-03-24T01:00:00", True, None),
        ("2026-03-30T20:30:00", False, None),
        # A week later it is summer: 22:00 is an hour earlier in UTC.
        ("2026-03-30T19:59:59", True, None),
        ("2026-03-30T20:00:00", True, "2026-03-30T20:00:00"),
        ("2026-03-30T23:59:59", True, "2026-03-30T20:00:00"),
        ("2026-03-31T00:00:00", True, None),
        ("2027-03-22T21:30:00", True, "2027-03-22T21:00:00"),
    ],
)
def test_weekly_maintenance_keeps_its_time_on_the_clock(
    now: str, is_weekly: bool, start: str | None
) -> None:
    found = find_occurrence(FIRST, at(now), is_weekly=is_weekly, zone=ZONE)

    assert (found.starts_at if found else None) == (at(start) if start else None)


@pytest.mark.parametrize(
    ("moment", "text"), [("2026-11-24T14:30:00", "15:30"), ("2026-11-25T06:00:00", "25 Nov 07:00")]
)
def test_a_time_carries_its_day_when_that_is_another(moment: str, text: str) -> None:
    assert on_the_clock(at(moment), ZONE, at("2026-11-24T12:00:00")) == text


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("30m", 30),
        ("2h", 120),
        ("2 u", 120),
        ("1d", 1440),
        ("1 h 30 min", 90),
        ("1h30m", 90),
        ("for 2 hours", 120),
        ("voor 2 uur", 120),
        ("1 uur en 30 minuten", 90),
        ("3 dagen", 4320),
        ("2 weken", 20_160),
        ("until 17:00", 240),
        ("tot 17:00", 240),
        ("tot 17 uur", 240),
        ("tot 17.30", 270),
        ("until 12:00", 1380),
    ],
)
def test_durations_are_read_as_people_type_them(text: str, minutes: int) -> None:
    now = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)

    assert parse_duration(text, now=now) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    "text",
    ["", "soon", "30", "0m", "-5m", "400d", "until 25:00", "until", "2h please", "tot 12:99"],
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    assert parse_duration(text, now=datetime(2026, 11, 24, 13, 0, tzinfo=UTC)) is None
