"""Monitors, outages and the watch over sources."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from hub.contracts import Health
from hub.models import Event, MattermostServer, Monitor, Outage, Refusal
from hub.monitoring import probe, probe_monitors, record_probe, weigh
from hub.starting import load_starter_set
from hub.watching import find_silence, watch_sources
from tests.factories import NOON, make_event, make_source, make_token
from tests.pumping import Pump
from tests.running import free_port
from tests.standins.mattermost import MattermostStandin

UP, DOWN = Health(is_up=True), Health(is_up=False, problem="no answer")
State = Monitor.State


def monitor(**fields: object) -> Monitor:
    return Monitor(name="Zammad", **{"failure_threshold": 2, "recovery_threshold": 2} | fields)


@pytest.mark.parametrize(
    ("before", "health", "state", "opens", "closes"),
    [
        (monitor(state=State.UNKNOWN), UP, State.UP, False, False),
        (monitor(state=State.UP), DOWN, State.UP, False, False),
        (monitor(state=State.UP, failure_count=1), DOWN, State.DOWN, True, False),
        (monitor(state=State.DOWN, failure_count=5), DOWN, State.DOWN, False, False),
        (monitor(state=State.DOWN, failure_count=5), UP, State.DOWN, False, False),
        (monitor(state=State.DOWN, success_count=1), UP, State.UP, False, True),
    ],
)
def test_flapping_is_damped(
    before: Monitor, health: Health, state: str, opens: bool, closes: bool
) -> None:
    change = weigh(before, health)

    assert (change.state, change.opens, change.closes) == (state, opens, closes)


@pytest.mark.django_db
def test_a_problem_of_a_service_that_is_up_is_kept_and_is_no_outage() -> None:
    row = Monitor.objects.create(name="n8n", url="http://127.0.0.1:9", failure_threshold=1)

    record_probe(row, Health(is_up=True, problem="the key is refused"), NOON)

    row.refresh_from_db()
    assert (row.state, row.problem) == (State.UP, "the key is refused")
    assert not Outage.objects.exists()


@pytest.mark.django_db
def test_an_outage_opens_once_and_closes_with_its_length() -> None:
    row = Monitor.objects.create(name="Zammad", url="http://127.0.0.1:9", failure_threshold=1)
    record_probe(row, DOWN, NOON)
    row.refresh_from_db()
    record_probe(row, DOWN, NOON + timedelta(minutes=1))
    row.refresh_from_db()
    record_probe(row, UP, NOON + timedelta(minutes=2))
    row.refresh_from_db()

    record_probe(row, UP, NOON + timedelta(minutes=3))

    outage = Outage.objects.get()
    assert (outage.started_at, outage.ended_at) == (NOON, NOON + timedelta(minutes=3))
    assert Event.objects.count() == 2


@pytest.mark.django_db
def test_an_outage_is_posted_in_the_platforms_layout(
    standin: MattermostStandin, pump: Pump
) -> None:
    load_starter_set()
    server = MattermostServer.objects.get()
    server.base_url, server.bot_token = standin.url, standin.token
    server.save()
    row = Monitor.objects.create(
        name="Zammad",
        url="http://127.0.0.1:9",
        failure_threshold=1,
        impact="Customer support affected",
        status_page_url="https://status.example.test",
    )
    record_probe(row, DOWN, datetime(2026, 11, 24, 14, 32, tzinfo=UTC))

    pump.run()

    (post,) = standin.posts(channel="alerts")
    assert post["message"] == (
        "**Service Down**\n"
        "**Service:** Zammad\n"
        "**Status:** Unreachable\n"
        "**Since:** 14:32 UTC\n"
        "**Impact:** Customer support affected\n"
        "[Check Status Page](https://status.example.test)"
    )


@pytest.mark.django_db
def test_due_monitors_are_probed_and_not_twice(standin: MattermostStandin) -> None:
    Monitor.objects.create(name="up", url=f"{standin.url}/api/v4/system/ping")
    Monitor.objects.create(name="down", url=f"http://127.0.0.1:{free_port()}", failure_threshold=1)

    changes = (probe_monitors(), probe_monitors())

    assert changes == (1, 0)
    assert set(Monitor.objects.values_list("name", "state")) == {("up", "up"), ("down", "down")}


@pytest.mark.django_db
def test_a_source_without_address_says_so() -> None:
    health = probe(Monitor(name="Zammad", source=make_source()))

    assert not health.is_up
    assert health.problem


@pytest.mark.parametrize(
    ("hour", "weekday", "watched"), [(9, 24, True), (20, 24, False), (9, 28, False)]
)
def test_working_hours_are_kept(hour: int, weekday: int, watched: bool) -> None:
    row = monitor(watched_from=time(8), watched_until=time(18), is_weekend_watched=False)

    assert row.is_watched(datetime(2026, 11, weekday, hour, tzinfo=UTC)) is watched


def test_a_monitor_watches_a_source_or_an_address() -> None:
    with pytest.raises(ValidationError, match="one of the two"):
        Monitor(name="x").clean()


def test_a_silence_longer_than_any_before_is_noticed() -> None:
    regular = [NOON - timedelta(minutes=10 * n) for n in range(50)]

    silence = find_silence(regular, NOON + timedelta(hours=3))

    assert silence is not None
    assert (silence.lasts, silence.usual_gap) == (timedelta(hours=3), timedelta(minutes=10))


def test_a_night_is_no_silence_where_nights_are_quiet() -> None:
    working = [NOON - timedelta(minutes=10 * n) for n in range(30)]
    yesterday = [at - timedelta(hours=20) for at in working]

    assert find_silence([*working, *yesterday], NOON + timedelta(hours=14)) is None


def test_a_source_with_few_events_is_never_silent() -> None:
    assert find_silence([NOON] * 19, NOON + timedelta(days=30)) is None


@pytest.mark.django_db
def test_a_burst_of_refusals_is_announced_once_an_hour() -> None:
    row, _text = make_token(make_source())
    now = timezone.now()
    Refusal.objects.create(
        token=row,
        reason="the signature is wrong",
        status_code=401,
        path="x",
        minute=now,
        received_at=now,
        repeat_count=12,
    )

    watch_sources()
    watch_sources()

    event = Event.objects.get()
    assert b'"count": 12' in bytes(event.body)


@pytest.mark.django_db
def test_a_changed_shape_is_announced() -> None:
    source = make_source()
    [make_event(source, state="unknown", note="a", received_at=timezone.now()) for _ in range(5)]

    assert watch_sources() == 1
