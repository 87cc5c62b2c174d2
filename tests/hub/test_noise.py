"""Against noise, from a webhook to a post in the stand-in: repeats, groups, quiet hours."""

import json
from datetime import time, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from hub.gathering import counted, list_text
from hub.markdown import MAX_POST_RUNES
from hub.matcher import Matcher
from hub.matching import parse_event as parse
from hub.models import (
    Channel,
    ConfigVersion,
    Delivery,
    Event,
    MattermostServer,
    Thread,
    TriggerRule,
)
from hub.planning import write_matches
from hub.redelivering import replay
from tests.factories import (
    make_channel,
    make_rule,
    make_source,
    make_token,
    zammad_body,
)
from tests.pumping import Pump
from tests.standins.mattermost import MattermostStandin

pytestmark = pytest.mark.django_db
State = Delivery.State
ALL_DAY_QUIET = {"quiet_from": time(8), "quiet_until": time(18)}  # at NOON it is 13:00 there


@pytest.fixture
def hook(clock: time_machine.Traveller) -> str:
    _row, text = make_token(make_source("zammad", base_url="https://desk.example.test"))
    return f"/hooks/{text}"


def send(client: Client, hook: str, *, event: str = "", number: int = 74001, **ticket: Any) -> None:
    body = json.dumps(zammad_body(number, **ticket))
    response = client.post(f"{hook}?event={event}", body, content_type="application/json")
    assert response.status_code == 202


def texts(standin: MattermostStandin, channel: str = "support") -> list[str]:
    return [post["message"] for post in standin.posts(channel=channel)]


def reasons(state: str = State.SUPPRESSED) -> list[str]:
    rows = Delivery.objects.filter(state=state).order_by("pk")
    return list(rows.values_list("reason", flat=True))


# Repeats


def test_a_repeat_is_counted_at_the_first_post(
    client: Client, hook: str, support: Channel, standin: MattermostStandin, pump: Pump
) -> None:
    make_rule(support, line="Urgent: {{ title }}", repeat_minutes=10)
    send(client, hook)
    pump.run()
    send(client, hook, note="again")
    send(client, hook, note="and again")

    pump.run()

    first = Delivery.objects.earliest("pk")
    assert texts(standin) == ["Urgent: Webshop down · 3 times, last 13:00"]
    assert reasons() == [f"repeat of #{first.pk} (2 times)", f"repeat of #{first.pk} (3 times)"]
    assert set(first.tells.values_list("state", "action")) == {
        (State.SUPPRESSED, "post"),
        (State.DELIVERED, "count"),
    }


def test_repeats_in_one_batch_are_one_post(
    client: Client, hook: str, support: Channel, standin: MattermostStandin, pump: Pump
) -> None:
    make_rule(support, line="{{ title }}", repeat_minutes=10, has_card=False)
    for number in range(5):
        send(client, hook, note=number)

    pump.run()

    assert texts(standin) == ["Webshop down · 5 times, last 13:00"]


def test_after_the_window_the_next_is_posted(
    client: Client,
    hook: str,
    support: Channel,
    standin: MattermostStandin,
    pump: Pump,
    clock: time_machine.Traveller,
) -> None:
    make_rule(support, line="{{ title }}", repeat_minutes=10, threading="flat")
    send(client, hook)
    pump.run()
    clock.shift(timedelta(minutes=10, seconds=1))
    send(client, hook, note="again")

    pump.run()

    assert texts(standin) == ["Webshop down", "Webshop down"]


def test_a_recovery_is_no_repeat(
    client: Client, hook: str, support: Channel, standin: MattermostStandin, pump: Pump
) -> None:
    make_rule(support, line="{{ kind }}", repeat_minutes=10)
    send(client, hook)
    send(client, hook, event="closed", state="closed")

    pump.run()

    assert texts(standin) == ["ticket.created", "ticket.closed"]


def test_another_ticket_is_no_repeat(
    client: Client, hook: str, support: Channel, standin: MattermostStandin, pump: Pump
) -> None:
    make_rule(support, line="{{ reference }}", repeat_minutes=10)
    send(client, hook, number=74001)
    send(client, hook, number=74002)

    pump.run()

    assert len(texts(standin)) == 2


def test_a_count_and_a_changed_card_leave_each_other_alone(
    client: Client, hook: str, support: Channel, standin: MattermostStandin, pump: Pump
) -> None:
    make_rule(support, line="{{ kind }}", repeat_minutes=10)
    send(client, hook)
    pump.run()
    send(client, hook, note="again")
    pump.run()
    send(client, hook, event="closed", state="closed")

    pump.run()

    root = standin.posts(channel="support")[0]
    assert root["message"] == "ticket.created · 2 times, last 13:00"
    assert root["props"]["attachments"][0]["color"] == "#38ad69"
    assert Thread.objects.get().root_post_id == root["id"]


def test_a_repeat_of_a_reply_is_counted_at_the_reply(
    client: Client, hook: str, support: Channel, standin: MattermostStandin, pump: Pump
) -> None:
    make_rule(support, line="{{ kind }}", repeat_minutes=10)
    send(client, hook)
    send(client, hook, event="closed", state="closed")
    pump.run()
    send(client, hook, event="closed", state="closed", note="again")

    pump.run()

    assert texts(standin) == ["ticket.created", "ticket.closed · 2 times, last 13:00"]
    assert Thread.objects.get().card["text"] == "ticket.created"


def test_a_first_that_was_given_up_stands_for_nothing(
    client: Client, hook: str, server: MattermostServer, standin: MattermostStandin, pump: Pump
) -> None:
    make_rule(make_channel("private-team", server, kind="private"), line="x", repeat_minutes=10)
    send(client, hook)
    pump.run()
    standin.add_member("private-team")
    send(client, hook, note="again")

    pump.run()

    assert texts(standin, "private-team") == ["x"]


def test_a_replay_is_no_repeat(
    client: Client, hook: str, support: Channel, standin: MattermostStandin, pump: Pump
) -> None:
    make_rule(support, line="x", repeat_minutes=10, has_card=False)
    send(client, hook)
    pump.run()

    replay(Event.objects.all(), user=None)
    pump.run()

    assert texts(standin) == ["x", "x"]


def test_without_a_bot_repeats_are_kept_back_and_not_counted(
    client: Client, hook: str, server: MattermostServer, standin: MattermostStandin, pump: Pump
) -> None:
    by_webhook = {"post_via": "incoming_webhook", "webhook_url": standin.hook_url("support")}
    make_rule(make_channel("support", server, **by_webhook), line="x", repeat_minutes=10)
    send(client, hook)
    send(client, hook, note="again")

    pump.run()

    assert texts(standin) == ["x"]
    assert Delivery.objects.get(action="count").reason.startswith("nothing to change")


# Groups


def test_what_comes_within_the_window_is_one_message(
    client: Client,
    hook: str,
    support: Channel,
    standin: MattermostStandin,
    pump: Pump,
    clock: time_machine.Traveller,
) -> None:
    make_rule(support, line="New: {{ title }}", group_seconds=60, mentions="@here")
    send(client, hook, number=74001, title="one")
    pump.run()
    clock.shift(30)
    send(client, hook, number=74002, title="two")
    send(client, hook, number=74003, title="three")
    pump.run()
    assert texts(standin) == []
    clock.shift(31)

    pump.run()

    first = Delivery.objects.earliest("pk")
    address = "https://desk.example.test/#ticket/zoom/"
    assert texts(standin) == [
        "**3 messages** since 13:00 @here\n"
        f"- [ZD#74001]({address}4711) New: one\n"
        f"- [ZD#74002]({address}4712) New: two\n"
        f"- [ZD#74003]({address}4713) New: three"
    ]
    assert reasons() == [f"told in #{first.pk}, with others"] * 2


def test_one_alone_in_its_window_is_an_ordinary_message(
    client: Client,
    hook: str,
    support: Channel,
    standin: MattermostStandin,
    pump: Pump,
    clock: time_machine.Traveller,
) -> None:
    make_rule(support, line="New: {{ title }}", group_seconds=60)
    send(client, hook)
    pump.run()
    assert reasons(State.PENDING) == ["grouped until 13:01"]
    clock.shift(61)

    pump.run()

    (post,) = standin.posts(channel="support")
    assert post["message"] == "New: Webshop down"
    assert post["props"]["attachments"][0]["title_link"]
    assert Thread.objects.get().root_post_id == post["id"]


def test_a_long_list_is_cut_and_says_how_many_more(
    client: Client,
    hook: str,
    support: Channel,
    standin: MattermostStandin,
    pump: Pump,
    clock: time_machine.Traveller,
) -> None:
    make_rule(support, line="{{ title }}", group_seconds=60)
    for number in range(25):
        send(client, hook, number=74001 + number, title=f"news {number}")
    pump.run()
    clock.shift(61)

    pump.run()

    (text,) = texts(standin)
    first = Delivery.objects.earliest("pk")
    lines = text.splitlines()
    assert len(lines) == 22
    assert lines[0] == "**25 messages** since 13:00"
    assert lines[-1].startswith("- [and 5 more](http")
    assert f"told_in__id__exact={first.pk}" in lines[-1]


def test_a_new_window_opens_after_the_old_one(
    client: Client,
    hook: str,
    support: Channel,
    standin: MattermostStandin,
    pump: Pump,
    clock: time_machine.Traveller,
) -> None:
    make_rule(support, line="{{ title }}", group_seconds=60)
    send(client, hook, number=74001, title="one")
    pump.run()
    clock.shift(61)
    send(client, hook, number=74002, title="two")
    pump.run()
    clock.shift(61)

    pump.run()

    assert texts(standin) == ["one", "two"]


def test_two_matchers_with_the_same_events_tell_each_once(
    client: Client, hook: str, support: Channel
) -> None:
    make_rule(support, line="{{ title }}", group_seconds=60, repeat_minutes=5)
    send(client, hook, number=74001, title="one")
    send(client, hook, number=74002, title="two")
    matcher = Matcher(lambda: None)
    version = ConfigVersion.current()
    matcher.match_batch(version)
    Event.objects.update(state="received", matched_at=None)
    matches = matcher._match([parse(one) for one in matcher._fetch()])
    Event.objects.update(state="matched")

    write_matches(matches, {})

    matcher.close()
    opener = Delivery.objects.get(state=State.PENDING)
    assert (opener.told_count, Delivery.objects.filter(state=State.SUPPRESSED).count()) == (1, 1)


# Quiet hours


def test_quiet_hours_deliver_later_in_order(
    client: Client,
    hook: str,
    support: Channel,
    standin: MattermostStandin,
    pump: Pump,
    clock: time_machine.Traveller,
) -> None:
    make_rule(support, line="{{ title }}", has_card=False, does_urgent_pass=False, **ALL_DAY_QUIET)
    send(client, hook, title="one")
    send(client, hook, title="two")
    pump.run()
    assert reasons(State.PENDING) == ["quiet hours until 18:00"] * 2
    clock.shift(timedelta(hours=5))

    pump.run()

    assert texts(standin) == ["one", "two"]


def test_quiet_hours_of_a_channel_end_in_a_digest_of_all_rules(
    client: Client,
    hook: str,
    server: MattermostServer,
    standin: MattermostStandin,
    pump: Pump,
    clock: time_machine.Traveller,
) -> None:
    quiet = {"quiet_afterwards": "digest", "does_urgent_pass": False, "language": "nl"}
    channel = make_channel("support", server, **quiet, **ALL_DAY_QUIET)
    new = {"kinds": ("ticket.created",), "mentions": "@anja", "priority": "important"}
    closed = {"kinds": ("ticket.closed",), "mentions": "@bart @anja"}
    make_rule(channel, name="new", line="New: {{ title }}", **new)
    make_rule(channel, name="closed", line="Closed: {{ title }}", **closed)
    send(client, hook, number=74001, title="one")
    send(client, hook, number=74002, event="closed", state="closed", title="two")
    pump.run()
    assert texts(standin) == []
    clock.shift(timedelta(hours=5))

    pump.run()

    (post,) = standin.posts(channel="support")
    head, first, second = post["message"].splitlines()
    assert head == "**2 berichten** sinds 13:00 @anja @bart"
    assert first.endswith("New: one")
    assert second.endswith("Closed: two")
    assert post["metadata"]["priority"]["priority"] == "important"


def test_quiet_hours_may_drop_and_say_so(
    client: Client, hook: str, support: Channel, standin: MattermostStandin, pump: Pump
) -> None:
    make_rule(support, quiet_afterwards="drop", does_urgent_pass=False, **ALL_DAY_QUIET)
    send(client, hook)

    pump.run()

    assert texts(standin) == []
    assert reasons() == ["quiet hours until 18:00"]
    assert Delivery.objects.get().message["text"]


def test_an_urgent_message_passes_and_takes_its_thread_along(
    client: Client, hook: str, support: Channel, standin: MattermostStandin, pump: Pump
) -> None:
    low = {"priority": {"id": 1, "name": "1 low"}}
    make_rule(support, line="{{ severity }}", has_card=False, **ALL_DAY_QUIET)
    send(client, hook, **low)
    send(client, hook, number=74002, **low)
    pump.run()
    assert texts(standin) == []
    send(client, hook)

    pump.run()

    assert texts(standin) == ["info", "urgent"]
    assert reasons(State.PENDING) == ["quiet hours until 18:00"]


def test_what_waits_for_the_morning_is_not_released_by_a_server_that_comes_back(
    client: Client, hook: str, support: Channel, standin: MattermostStandin, pump: Pump
) -> None:
    make_rule(support, does_urgent_pass=False, has_card=False, **ALL_DAY_QUIET)
    send(client, hook)
    pump.run()
    MattermostServer.objects.update(down_since=timezone.now())
    pump.dispatcher.tidy(timezone.now())
    MattermostServer.objects.update(down_since=None)

    pump.tidy()
    pump.run()

    assert reasons(State.PENDING) == ["quiet hours until 18:00"]
    assert texts(standin) == []


def test_what_has_waited_for_a_paused_channel_is_held_and_not_posted(
    client: Client,
    hook: str,
    support: Channel,
    standin: MattermostStandin,
    pump: Pump,
    clock: time_machine.Traveller,
) -> None:
    make_rule(support, line="x", does_urgent_pass=False, has_card=False, **ALL_DAY_QUIET)
    send(client, hook)
    pump.run()
    support.is_paused = True
    support.save()
    clock.shift(timedelta(hours=5))
    pump.run()
    held = Delivery.objects.get()
    assert (held.state, held.attempt_count, texts(standin)) == (State.HELD, 0, [])
    support.is_paused = False
    support.save()

    pump.tidy()
    pump.run()

    assert texts(standin) == ["x"]


def test_a_broadcast_is_gathered_once(
    client: Client,
    hook: str,
    support: Channel,
    standin: MattermostStandin,
    pump: Pump,
    clock: time_machine.Traveller,
) -> None:
    make_rule(support, line="{{ title }}", threading="broadcast", name="root", order=1)
    send(client, hook, title="root")
    pump.run()
    TriggerRule.objects.update(group_seconds=60)
    ConfigVersion.bump()
    send(client, hook, title="one", note="1")
    pump.run()
    send(client, hook, title="two", note="2", event="closed", state="closed")
    pump.run()
    clock.shift(61)

    pump.run()

    posted = texts(standin)
    assert posted[0] == "root"
    assert posted[1].startswith("**2 messages**")
    assert len(posted) == 2


def test_a_group_behind_a_thread_lets_other_news_of_it_pass(
    client: Client, hook: str, support: Channel, standin: MattermostStandin, pump: Pump
) -> None:
    make_rule(
        support, name="grouped", line="{{ title }}", group_seconds=60, kinds=("ticket.created",)
    )
    make_rule(support, name="at once", line="closed", kinds=("ticket.closed",), has_card=False)
    send(client, hook, title="one")
    pump.run()
    send(client, hook, event="closed", state="closed")

    pump.run()

    assert texts(standin) == ["one", "closed"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "2 times"),
        ("Webshop down", "Webshop down · 2 times"),
        ("Service Down\nSince: 14:32", "Service Down\nSince: 14:32\n2 times"),
    ],
)
def test_a_count_stands_behind_the_text(text: str, expected: str) -> None:
    assert counted(text, "2 times") == expected


def test_a_count_never_makes_a_post_too_long() -> None:
    assert len(counted("x" * MAX_POST_RUNES, "2 times, last 14:32")) <= MAX_POST_RUNES


def test_equal_lines_stand_once_with_their_number() -> None:
    assert list_text(["a", "b", "a"], "head", "and 3 more") == ("head\n- a (×2)\n- b\n- and 3 more")
