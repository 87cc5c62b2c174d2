"""Silences, maintenance and outages that hide their echo: what they withhold, and for how long."""

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from hub.contracts import Health
from hub.maintaining import announce_maintenance
from hub.models import (
    Channel,
    ConfigVersion,
    Delivery,
    Event,
    Maintenance,
    MattermostServer,
    Monitor,
    Outage,
    Reference,
    Silence,
    Source,
)
from hub.monitoring import record_probe
from hub.redelivering import replay
from hub.silencing import Scope, active_silences, end_silence, find_scope, silence, silences_about
from hub.starting import load_starter_set
from tests.factories import (
    NOON,
    make_channel,
    make_rule,
    make_source,
    make_token,
    zammad_body,
)
from tests.pumping import Pump
from tests.standins.mattermost import MattermostStandin

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
UP, DOWN = Health(is_up=True), Health(is_up=False, problem="no answer")


@pytest.fixture
def zammad(clock: time_machine.Traveller) -> Source:
    return make_source("zammad", base_url="https://desk.example.test")


@pytest.fixture
def hook(zammad: Source) -> str:
    _row, text = make_token(zammad)
    return f"/hooks/{text}"


@pytest.fixture
def monitor(zammad: Source) -> Monitor:
    return Monitor.objects.create(
        name="Helpdesk", source=zammad, failure_threshold=1, recovery_threshold=1
    )


def send(client: Client, hook: str, *, number: int = 74001, **ticket: Any) -> None:
    body = json.dumps(zammad_body(number, **ticket))
    assert client.post(hook, body, content_type="application/json").status_code == 202


def texts(standin: MattermostStandin, channel: str = "support") -> list[str]:
    return [post["message"] for post in standin.posts(channel=channel)]


def reasons() -> list[str]:
    rows = Delivery.objects.filter(state="suppressed").order_by("pk")
    return list(rows.values_list("reason", flat=True))


def probe(monitor: Monitor, health: Health, minutes: int) -> None:
    """As if probed so many minutes after NOON."""
    monitor.refresh_from_db()
    record_probe(monitor, health, NOON + timedelta(minutes=minutes))


def kinds_told() -> list[str]:
    bodies = Event.objects.filter(source__integration="hub").order_by("pk")
    return [json.loads(bytes(row.body))["event"] for row in bodies]


def queries_of_a_batch(client: Client, hook: str, pump: Pump) -> int:
    send(client, hook, note=Event.objects.count())
    with CaptureQueriesContext(connection) as captured:
        pump.matcher.match_batch(ConfigVersion.current())
    pump.run()
    return len(captured)


# Silences


@pytest.mark.parametrize("name", ["source", "rule", "channel"])
def test_a_silence_withholds_and_says_who_why_and_until_when(
    name: str,
    client: Client,
    hook: str,
    zammad: Source,
    support: Channel,
    standin: MattermostStandin,
    pump: Pump,
) -> None:
    scopes = {"source": zammad, "channel": support, "rule": make_rule(support)}
    scope = Scope(**{name: scopes[name]})  # type: ignore[arg-type]  # the name says which
    row = silence(scope, until=NOON + 2.5 * HOUR, reason="migration", by="anja")
    send(client, hook)

    pump.run()

    assert texts(standin) == []
    assert reasons() == ["silenced until 15:30 by anja: migration"]
    assert Delivery.objects.get().withheld_by == f"silence:{row.pk}"


def test_a_silenced_ticket_leaves_the_others_alone(
    client: Client, hook: str, support: Channel, standin: MattermostStandin, pump: Pump
) -> None:
    make_rule(support, line="{{ reference }}", has_card=False)
    send(client, hook)
    pump.run()
    ticket = Reference.objects.get()
    silence(Scope(reference=ticket), until=NOON + HOUR, reason="known", by="anja")
    send(client, hook, note="again")
    send(client, hook, number=74002)

    pump.run()

    assert len(texts(standin)) == 2
    assert Delivery.objects.get(state="suppressed").reference == ticket


def test_all_of_a_scope_must_fit(
    client: Client, hook: str, server: MattermostServer, standin: MattermostStandin, pump: Pump
) -> None:
    support, general = make_channel("support", server), make_channel("general", server)
    rule = make_rule(support, general, line="x")
    silence(Scope(rule=rule, channel=support), until=NOON + HOUR, reason="too much", by="anja")
    send(client, hook)

    pump.run()

    assert (texts(standin), texts(standin, "general")) == ([], ["x"])


def test_a_silenced_rule_leaves_its_channel_to_the_next(
    client: Client, hook: str, support: Channel, standin: MattermostStandin, pump: Pump
) -> None:
    first = make_rule(support, name="first", order=1, line="first")
    make_rule(support, name="second", order=2, line="second")
    silence(Scope(rule=first), until=NOON + HOUR, reason="wrong words", by="anja")
    send(client, hook)

    pump.run()

    assert texts(standin) == ["second"]


def test_a_silence_ends_by_itself_and_by_hand(
    client: Client,
    hook: str,
    zammad: Source,
    support: Channel,
    standin: MattermostStandin,
    pump: Pump,
    clock: time_machine.Traveller,
) -> None:
    make_rule(support, line="{{ title }}", threading="flat")
    silence(Scope(source=zammad), until=NOON + HOUR, reason="x", by="anja")
    longer = silence(Scope(source=zammad), until=NOON + 9 * HOUR, reason="x", by="anja")
    send(client, hook, title="silenced twice")
    pump.run()
    clock.shift(HOUR)
    send(client, hook, title="silenced once")
    pump.run()
    assert end_silence(longer, by="bart")
    send(client, hook, title="told")

    pump.run()

    assert texts(standin) == ["told"]
    assert not end_silence(longer, by="bart")
    assert (longer.ended_by, list(active_silences(NOON + HOUR))) == ("bart", [])


def test_a_replay_passes_a_silence(
    client: Client,
    hook: str,
    zammad: Source,
    support: Channel,
    standin: MattermostStandin,
    pump: Pump,
) -> None:
    make_rule(support, line="x")
    silence(Scope(source=zammad), until=NOON + HOUR, reason="x", by="anja")
    send(client, hook)
    pump.run()

    replay(Event.objects.all(), user=None)
    pump.run()

    assert texts(standin) == ["x"]


def test_a_silence_of_nothing_is_refused() -> None:
    with pytest.raises(ValidationError, match="what is silenced"):
        silence(Scope(), until=NOON + HOUR, reason="x", by="anja")


def test_silences_are_found_where_they_act(zammad: Source, monitor: Monitor) -> None:
    of_source = silence(Scope(source=zammad), until=NOON + HOUR, reason="x", by="anja")
    of_monitor = silence(Scope(monitor=monitor), until=NOON + 2 * HOUR, reason="x", by="anja")

    assert silences_about(zammad, NOON) == [of_source]
    assert silences_about(monitor, NOON) == [of_source, of_monitor]


def test_a_silence_costs_matching_no_query(
    client: Client, hook: str, zammad: Source, support: Channel, pump: Pump
) -> None:
    make_rule(support, line="x", has_card=False)
    send(client, hook)
    pump.run()
    without = queries_of_a_batch(client, hook, pump)
    silence(Scope(source=zammad), until=NOON + HOUR, reason="x", by="anja")
    pump.run()

    assert queries_of_a_batch(client, hook, pump) <= without


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("zammad", "source"),
        ("ZD#74001", "reference"),
        ("zd#74001", "reference"),
        ("~support", "channel"),
        ("Helpdesk", "monitor"),
        ("urgent tickets", "rule"),
        ("urgent", "rule"),
    ],
)
def test_what_people_type_is_found(
    text: str, field: str, zammad: Source, support: Channel, monitor: Monitor
) -> None:
    make_rule(support, name="Urgent tickets")
    Reference.objects.create(source=zammad, external_id="4711", display="ZD#74001")

    scope = find_scope(text)

    assert scope is not None
    assert getattr(scope, field) is not None


@pytest.mark.parametrize("text", ["", "#23", "~nowhere", "tickets", "ti", "ZD#1"])
def test_what_is_unknown_or_ambiguous_is_not_guessed(
    text: str, zammad: Source, support: Channel
) -> None:
    make_rule(support, name="Urgent tickets")
    make_rule(support, name="Other tickets")
    for source in (zammad, make_source("redmine", "Redmine")):
        Reference.objects.create(source=source, external_id="23", display="#23")

    assert find_scope(text) is None


# Outages


def test_while_a_service_is_down_its_echo_is_hidden_and_counted(
    client: Client,
    hook: str,
    monitor: Monitor,
    server: MattermostServer,
    standin: MattermostStandin,
    pump: Pump,
    clock: time_machine.Traveller,
) -> None:
    alerts, support = make_channel("alerts", server), make_channel("support", server)
    make_rule(alerts, name="outages", integration="hub")
    echo = make_rule(support, name="echo", line="echo", threading="flat")
    monitor.hides.add(echo)
    probe(monitor, DOWN, 0)
    send(client, hook)
    send(client, hook, number=74002)
    pump.run()
    clock.shift(HOUR)
    probe(monitor, UP, 60)
    send(client, hook, number=74003)

    pump.run()

    outage = Outage.objects.get()
    assert texts(standin) == ["echo"]
    assert reasons() == ["hidden: Helpdesk is down since 13:00"] * 2
    recovered = standin.posts(channel="alerts")[-1]
    assert "Helpdesk is back after 1 h" in recovered["message"]
    card = recovered["props"]["attachments"][0]["text"]
    assert card.endswith(": 2")
    assert f"withheld_by=outage%3A{outage.pk}" in card


def test_a_monitor_can_hide_all_of_its_source_but_not_its_own_outage(
    client: Client,
    hook: str,
    monitor: Monitor,
    support: Channel,
    standin: MattermostStandin,
    pump: Pump,
) -> None:
    Monitor.objects.update(hides_own_source=True)
    outages = make_rule(support, name="outages", integration="hub", has_card=False)
    make_rule(support, name="tickets", line="ticket")
    monitor.hides.add(outages)
    probe(monitor, DOWN, 0)
    send(client, hook)

    pump.run()

    (told,) = texts(standin)
    assert told.startswith("**Service Down**")


# Maintenance


def maintain(*, hours: int = 1, **fields: Any) -> Maintenance:
    fields = {"name": "upgrade", "starts_at": NOON, "ends_at": NOON + hours * HOUR} | fields
    return Maintenance.objects.create(**fields)


def test_an_outage_within_maintenance_is_not_told(monitor: Monitor) -> None:
    maintain().monitors.add(monitor)

    probe(monitor, DOWN, 1)
    probe(monitor, UP, 30)
    probe(monitor, DOWN, 90)

    assert kinds_told() == ["service.down"]
    assert Outage.objects.count() == 2


def test_an_outage_that_outlasts_its_maintenance_is_told_then(monitor: Monitor) -> None:
    maintain().monitors.add(monitor)

    probe(monitor, DOWN, 1)
    probe(monitor, DOWN, 59)
    assert kinds_told() == []
    probe(monitor, DOWN, 60)
    probe(monitor, DOWN, 61)
    probe(monitor, UP, 62)

    assert kinds_told() == ["service.down", "service.recovered"]


def test_a_recovery_is_told_within_maintenance_when_its_outage_was(monitor: Monitor) -> None:
    maintain(starts_at=NOON + HOUR, ends_at=NOON + 2 * HOUR).monitors.add(monitor)

    probe(monitor, DOWN, 1)
    probe(monitor, UP, 70)

    assert kinds_told() == ["service.down", "service.recovered"]


def test_maintenance_withholds_what_its_sources_send(
    client: Client,
    hook: str,
    zammad: Source,
    support: Channel,
    standin: MattermostStandin,
    pump: Pump,
    clock: time_machine.Traveller,
) -> None:
    make_rule(support, line="{{ title }}", threading="flat")
    row = maintain(is_weekly=True)
    row.sources.add(zammad)
    send(client, hook, title="meanwhile")
    pump.run()
    clock.shift(HOUR)
    send(client, hook, title="after")
    pump.run()
    clock.shift(timedelta(days=7) - HOUR)
    send(client, hook, title="next week")

    pump.run()

    assert texts(standin) == ["after"]
    assert reasons() == ["maintenance until 14:00: upgrade"] * 2
    assert set(Delivery.objects.values_list("withheld_by", flat=True)) == {
        "",
        f"maintenance:{row.pk}",
    }


def test_maintenance_is_announced_once_at_each_end(monitor: Monitor) -> None:
    maintain(is_announced=True).monitors.add(monitor)

    told = [announce_maintenance(NOON + timedelta(minutes=m)) for m in (-1, 0, 1, 59, 61, 62)]

    assert told == [0, 1, 0, 0, 1, 0]
    assert kinds_told() == ["maintenance.started", "maintenance.ended"]


def test_maintenance_is_posted_by_its_starter_rule(
    standin: MattermostStandin, pump: Pump, monitor: Monitor
) -> None:
    load_starter_set()
    MattermostServer.objects.update(base_url=standin.url, bot_token=standin.token)
    maintain(is_announced=True).monitors.add(monitor)
    announce_maintenance(NOON)

    pump.run()

    assert texts(standin, "alerts") == ["**Maintenance:** upgrade, until 24 Nov 2026 14:00"]


@pytest.mark.parametrize(
    ("hours", "is_weekly", "problem"), [(-1, False, "before it begins"), (170, True, "a week")]
)
def test_maintenance_that_cannot_be_is_refused(hours: int, is_weekly: bool, problem: str) -> None:
    row = Maintenance(name="x", starts_at=NOON, ends_at=NOON + hours * HOUR, is_weekly=is_weekly)

    with pytest.raises(ValidationError, match=problem):
        row.full_clean()


def test_an_ended_silence_stays_on_record(zammad: Source) -> None:
    row = silence(Scope(source=zammad), until=NOON + HOUR, reason="x", by="anja")

    end_silence(row, by="bart")

    assert Silence.objects.get().ended_at == NOON
