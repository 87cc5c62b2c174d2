"""From a webhook to a post in the stand-in, through real sockets: matching and delivering."""

import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from hub.models import Attempt, Channel, Delivery, Event, MattermostServer, Thread, TriggerRule
from hub.planning import mark_failed
from hub.redelivering import cancel, redeliver, replay
from tests.factories import (
    make_channel,
    make_rule,
    make_source,
    make_token,
    zammad_body,
)
from tests.pumping import Pump, make_due, states
from tests.standins.mattermost import MattermostStandin

pytestmark = pytest.mark.django_db
State = Delivery.State


@pytest.fixture
def hook() -> str:
    _row, text = make_token(make_source("zammad", base_url="https://desk.example.test"))
    return f"/hooks/{text}"


def send(client: Client, hook: str, *, event: str = "", number: int = 74001, **ticket: Any) -> None:
    body = json.dumps(zammad_body(number, **ticket))
    response = client.post(f"{hook}?event={event}", body, content_type="application/json")
    assert response.status_code == 202


def texts(standin: MattermostStandin, channel: str = "support") -> list[str]:
    return [post["message"] for post in standin.posts(channel=channel)]


def test_a_matching_event_becomes_a_post(
    client: Client, hook: str, support: Channel, standin: MattermostStandin, pump: Pump
) -> None:
    make_rule(support, kinds=("ticket.created",), line="Urgent: {{ title }}")
    send(client, hook)

    pump.run()

    delivery = Delivery.objects.get()
    assert texts(standin) == ["Urgent: Webshop down"]
    assert delivery.state == State.DELIVERED
    assert delivery.post_id == standin.posts(channel="support")[0]["id"]
    assert Attempt.objects.get().is_success


def test_the_card_carries_link_fields_and_colour(
    client: Client, hook: str, support: Channel, standin: MattermostStandin, pump: Pump
) -> None:
    make_rule(support, kinds=("ticket.created",))
    send(client, hook)

    pump.run()

    card = standin.posts(channel="support")[0]["props"]["attachments"][0]
    assert card["title_link"] == "https://desk.example.test/#ticket/zoom/4711"
    assert {"title": "Priority", "value": "3 high", "short": True} in card["fields"]
    assert card["color"] == "#d24b4e"


def test_the_cards_plain_text_has_no_marks(
    client: Client, hook: str, support: Channel, standin: MattermostStandin, pump: Pump
) -> None:
    make_rule(support, line="**Urgent**: {{ title | link(url) }}")
    send(client, hook, title="Price *net* down")

    pump.run()

    card = standin.posts(channel="support")[0]["props"]["attachments"][0]
    assert card["fallback"] == "Urgent: Price *net* down"


def test_later_news_on_the_ticket_is_a_reply_in_its_thread(
    client: Client, hook: str, support: Channel, standin: MattermostStandin, pump: Pump
) -> None:
    make_rule(support, line="{{ kind }}")
    send(client, hook)
    pump.run()
    send(client, hook, event="closed", state="closed")

    pump.run()

    root, reply = standin.posts(channel="support")
    assert reply["root_id"] == root["id"]
    assert Thread.objects.get().root_post_id == root["id"]


def test_a_burst_on_one_ticket_keeps_its_order_under_one_root(
    client: Client, hook: str, support: Channel, standin: MattermostStandin, pump: Pump
) -> None:
    make_rule(support, line="{{ title }}", has_card=False)
    titles = [f"news {number}" for number in range(12)]
    for title in titles:
        send(client, hook, title=title)

    pump.run()

    posts = standin.posts(channel="support")
    assert [post["message"] for post in posts] == titles
    assert {post["root_id"] for post in posts[1:]} == {posts[0]["id"]}


def test_a_deleted_root_is_replaced_by_a_new_one(
    client: Client, hook: str, support: Channel, standin: MattermostStandin, pump: Pump
) -> None:
    make_rule(support, line="{{ kind }}", has_card=False)
    send(client, hook)
    pump.run()
    standin.delete_post(standin.posts(channel="support")[0]["id"])
    send(client, hook, event="closed", state="closed")

    pump.run()

    new_root = standin.posts(channel="support")[-1]
    assert new_root["root_id"] == ""
    assert Thread.objects.get().root_post_id == new_root["id"]


def test_the_root_card_follows_the_news(
    client: Client, hook: str, support: Channel, standin: MattermostStandin, pump: Pump
) -> None:
    make_rule(support, line="{{ kind }}")
    send(client, hook)
    send(client, hook, event="closed", state="closed")

    pump.run()

    root = standin.posts(channel="support")[0]
    assert root["message"] == "ticket.created"
    assert root["props"]["attachments"][0]["color"] == "#38ad69"


def test_a_reaction_marks_the_root(
    client: Client, hook: str, support: Channel, standin: MattermostStandin, pump: Pump
) -> None:
    make_rule(support, line="{{ kind }}")
    closing = {"kinds": ("ticket.closed",), "reaction": "white_check_mark", "order": 1}
    make_rule(support, name="closing", **closing)
    send(client, hook)
    send(client, hook, event="closed", state="closed")

    pump.run()

    assert Delivery.objects.get(action="react").state == State.DELIVERED
    assert "white_check_mark" in json.dumps(standin.reactions())


def test_every_matching_rule_delivers_and_the_first_words_a_shared_channel(
    client: Client, hook: str, support: Channel, standin: MattermostStandin, pump: Pump
) -> None:
    development = make_channel("development", support.server)
    make_rule(support, development, name="second", order=2, line="second")
    make_rule(support, name="first", order=1, line="first")
    send(client, hook)

    pump.run()

    suppressed = Delivery.objects.get(state=State.SUPPRESSED)
    assert (texts(standin), texts(standin, "development")) == (["first"], ["second"])
    assert "first" in suppressed.reason


def test_an_event_without_rule_says_so(client: Client, hook: str, pump: Pump) -> None:
    send(client, hook)

    pump.run()

    event = Event.objects.get()
    assert event.state == Event.State.UNMATCHED
    assert event.note == "no active rule is about ticket.created"


def test_the_trace_names_the_failing_condition(
    client: Client, hook: str, support: Channel, pump: Pump
) -> None:
    make_rule(support, conditions=(("priority", "equals", "1 low"),))
    send(client, hook)

    pump.run()

    (traced,) = Event.objects.get().trace
    assert traced["checks"][0]["actual"] == "3 high"
    assert traced["holds"] is False


def test_a_private_item_is_withheld_from_a_channel_not_cleared_for_it(
    client: Client, hook: str, support: Channel, standin: MattermostStandin, pump: Pump
) -> None:
    make_rule(support)
    body = zammad_body() | {
        "article": {"id": 1, "internal": True, "body": "secret", "type": "note"}
    }
    client.post(f"{hook}?event=replied", json.dumps(body), content_type="application/json")

    pump.run()

    assert texts(standin) == []
    assert "not cleared" in Delivery.objects.get().reason


def test_the_channel_decides_the_language(
    client: Client, hook: str, server: MattermostServer, standin: MattermostStandin, pump: Pump
) -> None:
    dutch = make_channel("support", server, language="nl")
    make_rule(dutch, kinds=("ticket.closed",))
    send(client, hook, event="closed", state="closed")

    pump.run()

    assert texts(standin)[0].startswith("Opgelost")


def test_a_failing_template_still_delivers_a_plain_message(
    client: Client, hook: str, support: Channel, standin: MattermostStandin, pump: Pump
) -> None:
    rule = make_rule(support, line="{{ title | truncate(title) }}{% for a in title %}{{ a }}")
    send(client, hook)

    pump.run()

    rule.refresh_from_db()
    assert texts(standin) == ["ZD#74001 Webshop down https://desk.example.test/#ticket/zoom/4711"]
    assert rule.last_error


def test_a_temporary_failure_is_retried_and_the_attempts_are_kept(
    client: Client, hook: str, support: Channel, standin: MattermostStandin, pump: Pump
) -> None:
    make_rule(support, line="hello")
    standin.set_fault("status", status=503, count=1, path="/api/v4/posts")
    send(client, hook)
    pump.run()
    assert states() == [State.FAILED]
    make_due()

    pump.run()

    assert states() == [State.DELIVERED]
    assert list(Attempt.objects.values_list("status_code", flat=True)) == [503, 201]


def test_a_post_that_was_stored_before_the_reset_is_found_and_not_repeated(
    client: Client, hook: str, support: Channel, standin: MattermostStandin, pump: Pump
) -> None:
    make_rule(support, line="hello")
    standin.set_fault("reset_after_store", count=1, path="/api/v4/posts")
    send(client, hook)
    pump.run()
    make_due()

    pump.run()

    assert texts(standin) == ["hello"]
    assert Delivery.objects.get().reason == "found already posted"


def test_a_bot_that_is_not_in_the_channel_is_explained(
    client: Client, hook: str, server: MattermostServer, standin: MattermostStandin, pump: Pump
) -> None:
    make_rule(make_channel("private-team", server, kind="private"), line="hello")
    send(client, hook)

    pump.run()

    delivery = Delivery.objects.get()
    assert delivery.state == State.DEAD
    assert "not a member" in delivery.reason


def test_a_failing_delivery_holds_back_its_own_thread_only(
    client: Client, hook: str, support: Channel, standin: MattermostStandin, pump: Pump
) -> None:
    make_rule(support, line="{{ title }}", has_card=False)
    standin.set_fault("status", status=503, count=1, path="/api/v4/posts")
    send(client, hook, number=74001, title="one fails")
    pump.run()
    send(client, hook, number=74001, title="one again")
    send(client, hook, number=74002, title="two")

    pump.run()

    assert texts(standin) == ["two"]
    make_due()
    pump.run()
    assert texts(standin) == ["two", "one fails", "one again"]


def test_a_server_that_is_down_holds_deliveries_and_releases_them_in_order(
    client: Client, hook: str, support: Channel, standin: MattermostStandin, pump: Pump
) -> None:
    make_rule(support, line="{{ title }}", has_card=False)
    standin.stop()
    for number in range(6):
        send(client, hook, number=74001 + number, title=f"news {number}")
        pump.run()
    assert MattermostServer.objects.get().down_since is not None
    pump.tidy()
    assert set(states()) == {State.HELD}

    standin.start()
    MattermostServer.objects.update(probe_at=timezone.now())
    pump.tidy()
    pump.run()

    assert sorted(texts(standin)) == [f"news {number}" for number in range(6)]


def test_a_paused_channel_holds_until_it_is_resumed(
    client: Client, hook: str, support: Channel, standin: MattermostStandin, pump: Pump
) -> None:
    make_rule(support, line="hello")
    support.is_paused = True
    support.save()
    send(client, hook)
    pump.run()
    assert states() == [State.HELD]

    support.is_paused = False
    support.save()
    pump.tidy()
    pump.run()

    assert texts(standin) == ["hello"]


def test_more_than_a_channel_allows_is_delayed_and_not_dropped(
    client: Client, hook: str, server: MattermostServer, standin: MattermostStandin, pump: Pump
) -> None:
    make_rule(make_channel("support", server, max_posts_per_minute=2), line="{{ title }}")
    for number in range(3):
        send(client, hook, number=74001 + number)

    pump.run()

    assert len(texts(standin)) == 2
    waiting = Delivery.objects.get(state=State.PENDING)
    assert waiting.due_at > timezone.now()
    assert waiting.attempt_count == 0


def test_a_dead_letter_is_redelivered_with_the_same_key(
    client: Client, hook: str, server: MattermostServer, standin: MattermostStandin, pump: Pump
) -> None:
    make_rule(make_channel("private-team", server, kind="private"), line="hello")
    send(client, hook)
    pump.run()
    standin.add_member("private-team")

    count = redeliver(Delivery.objects.all(), user=None)
    pump.run()

    assert count == 1
    assert texts(standin, "private-team") == ["hello"]
    assert Delivery.objects.count() == 1


def test_redelivering_what_was_delivered_is_a_new_generation(
    client: Client, hook: str, support: Channel, standin: MattermostStandin, pump: Pump
) -> None:
    make_rule(support, line="hello", has_card=False)
    send(client, hook)
    pump.run()

    redeliver(Delivery.objects.all(), user=None)
    pump.run()

    assert texts(standin) == ["hello", "hello"]
    assert set(Delivery.objects.values_list("generation", flat=True)) == {1, 2}


def test_replay_sends_the_stored_event_through_todays_rules(
    client: Client, hook: str, support: Channel, standin: MattermostStandin, pump: Pump
) -> None:
    rule = make_rule(support, line="old words", has_card=False)
    send(client, hook)
    pump.run()
    rule.texts.update(line="new words")
    TriggerRule.objects.get().save()

    count = replay(Event.objects.all(), user=None)
    pump.run()

    assert count == 1
    assert texts(standin) == ["old words", "new words"]


def test_cancelling_gives_up_what_waits(
    client: Client, hook: str, support: Channel, standin: MattermostStandin, pump: Pump
) -> None:
    make_rule(support, line="hello")
    standin.set_fault("status", status=503, count=1, path="/api/v4/posts")
    send(client, hook)
    pump.run()

    cancel(Delivery.objects.all(), user=None)
    make_due()
    pump.run()

    assert states() == [State.CANCELLED]
    assert texts(standin) == []


def test_a_text_longer_than_a_post_is_split_in_order(
    client: Client, server: MattermostServer, standin: MattermostStandin, pump: Pump
) -> None:
    general = make_channel("general", server)
    source = make_source("mattermost_compatible", "Scripts")
    _row, text = make_token(source, default_channel=general)
    make_rule(integration="mattermost_compatible", to_named_channel=True)
    paragraphs = [letter * 9000 for letter in "abc"]

    client.post(f"/hooks/{text}", {"text": "\n\n".join(paragraphs)}, "application/json")
    pump.run()

    assert texts(standin, "general") == paragraphs


def test_a_channel_served_by_an_incoming_webhook_gets_the_message_and_no_thread(
    client: Client, hook: str, server: MattermostServer, standin: MattermostStandin, pump: Pump
) -> None:
    by_webhook = {"post_via": "incoming_webhook", "webhook_url": standin.hook_url("support")}
    make_rule(make_channel("support", server, **by_webhook), line="{{ kind }}")
    send(client, hook)
    send(client, hook, event="closed", state="closed")

    pump.run()

    assert texts(standin) == ["ticket.created", "ticket.closed"]
    assert Delivery.objects.get(action="edit").reason.startswith("nothing to change")
    assert Thread.objects.count() == 0


def test_a_direct_message_is_a_destination(
    client: Client, hook: str, server: MattermostServer, standin: MattermostStandin, pump: Pump
) -> None:
    anja = make_channel("@anja", server, kind="direct")
    make_rule(anja, line="hello")
    send(client, hook)

    pump.run()

    anja.refresh_from_db()
    assert states() == [State.DELIVERED]
    assert [
        post["message"] for post in standin.posts() if post["channel_id"] == anja.channel_id
    ] == ["hello"]


def test_a_group_message_is_a_destination(
    client: Client, hook: str, server: MattermostServer, standin: MattermostStandin, pump: Pump
) -> None:
    make_rule(make_channel("@anja,@bart", server, kind="group"), line="hello")
    send(client, hook)

    pump.run()

    assert states() == [State.DELIVERED]


def test_a_rule_gives_its_root_post_a_priority(
    client: Client, hook: str, support: Channel, standin: MattermostStandin, pump: Pump
) -> None:
    make_rule(support, line="hello", priority="urgent")
    send(client, hook)

    pump.run()

    (post,) = standin.posts(channel="support")
    assert post["metadata"]["priority"]["priority"] == "urgent"


def test_a_rule_mentions_whom_it_names_and_outside_text_nobody(
    client: Client, hook: str, support: Channel, standin: MattermostStandin, pump: Pump
) -> None:
    make_rule(support, line="{{ title }}", mentions="@here @anja", has_card=False)
    send(client, hook, title="@channel look")

    pump.run()

    assert texts(standin) == ["@\u200bchannel look @here @anja"]


def test_news_is_broadcast_to_the_channel_where_the_rule_says_so(
    client: Client, hook: str, support: Channel, standin: MattermostStandin, pump: Pump
) -> None:
    make_rule(support, line="{{ kind }}", threading="broadcast", has_card=False)
    send(client, hook)
    send(client, hook, event="closed", state="closed")

    pump.run()

    roots = {post["message"] for post in standin.posts(channel="support") if not post["root_id"]}
    replies = [post["message"] for post in standin.posts(channel="support") if post["root_id"]]
    assert (roots, replies) == ({"ticket.created", "ticket.closed"}, ["ticket.closed"])


def test_what_looks_like_a_secret_is_masked(
    client: Client, hook: str, support: Channel, standin: MattermostStandin, pump: Pump
) -> None:
    make_rule(support, line="{{ title }}", has_card=False)
    send(client, hook, title="login fails with password=hunter2hunter2")

    pump.run()

    assert "hunter2" not in texts(standin)[0]


@pytest.mark.parametrize(("may_mention", "text"), [(True, "@here up"), (False, "@\u200bhere up")])
def test_a_sender_mentions_only_where_its_token_may(
    may_mention: bool,
    text: str,
    client: Client,
    support: Channel,
    standin: MattermostStandin,
    pump: Pump,
) -> None:
    source = make_source("mattermost_compatible", "Scripts")
    _row, token = make_token(source, default_channel=support, may_mention=may_mention)
    make_rule(integration="mattermost_compatible", to_named_channel=True)

    client.post(f"/hooks/{token}", {"text": "@here up"}, "application/json")
    pump.run()

    assert texts(standin) == [text]


def test_a_changed_title_is_noticed(
    client: Client, hook: str, support: Channel, standin: MattermostStandin, pump: Pump
) -> None:
    make_rule(support, conditions=(("title", "changed", ""),), line="Now: {{ title }}")
    send(client, hook, title="Printer")
    pump.run()

    send(client, hook, title="Printer on fire", updated_at="2026-11-24T09:00:00.000Z")
    pump.run()

    assert texts(standin) == ["Now: Printer on fire"]


def test_what_another_matcher_has_written_is_not_marked_failed(
    client: Client, hook: str, support: Channel, pump: Pump
) -> None:
    make_rule(support)
    send(client, hook)
    pump.run()

    mark_failed([Event.objects.get().pk], "written twice")

    assert Event.objects.get().state == Event.State.MATCHED
