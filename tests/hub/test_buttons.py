"""Where buttons stand and what they lead to: threads, channels, repeats, and what is none."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from hub.models import (
    ActionInvocation,
    ActionTarget,
    Channel,
    ConfigVersion,
    Delivery,
    Event,
    RuleText,
    Source,
    TriggerRule,
)
from hub.redelivering import redeliver, replay
from tests.factories import make_channel, make_rule, make_source, make_token
from tests.hub.press_stage import Stage, actions_of, make_stage, texts_of
from tests.pumping import Pump
from tests.running import wait_until
from tests.standins.mattermost import MattermostStandin
from tests.standins.n8n import N8nStandin

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def n8n() -> Iterator[N8nStandin]:
    with N8nStandin() as n8n:
        n8n.webhook()
        yield n8n


@pytest.fixture
def stage(standin: MattermostStandin, n8n: N8nStandin, client: Client, pump: Pump) -> Stage:
    return make_stage(standin, n8n, client, pump)


def test_a_batch_without_buttons_reads_nothing_for_them(stage: Stage) -> None:
    stage.ask(actions=[])

    assert not ActionTarget.objects.exists()
    assert Event.objects.get().note == ""


def test_an_address_of_no_source_is_refused_visibly(stage: Stage) -> None:
    post = stage.ask(actions=[{"name": "Go`", "url": "https://evil.example.test/x"}])

    assert actions_of(post) == []
    assert "`Go'`" in texts_of(post["props"])
    assert "evil.example.test" not in repr(post)
    assert Event.objects.get().note == (
        "the button “Go`” cannot be used: its address belongs to no source: add "
        "https://evil.example.test to “other addresses it may call”"
    )


def test_a_button_without_an_address_is_shown_as_a_word(stage: Stage) -> None:
    post = stage.ask(context={})

    assert "`Approve` `Reject`" in texts_of(post["props"])
    assert "no address" in Event.objects.get().note


def test_a_rule_with_words_of_its_own_keeps_the_buttons(stage: Stage) -> None:
    RuleText.objects.create(
        rule=TriggerRule.objects.get(), language="en", line="Beslis: {{ title }}"
    )
    ConfigVersion.bump()

    post = stage.ask()

    assert post["message"] == "Beslis: Factuur 118"
    assert [one["name"] for one in actions_of(post)] == ["Approve", "Reject"]


def test_the_buttons_of_a_long_message_stand_under_its_last_part(stage: Stage) -> None:
    stage.ask(title="", text="woord " * 5_000)

    first, last = stage.posts()
    assert actions_of(first) == []
    assert len(actions_of(last)) == 2


def test_each_attachment_asks_a_question_of_its_own(stage: Stage) -> None:
    url = f"{stage.n8n.url}/webhook/approve"
    one, two = (
        {"text": f"factuur {n}", "actions": [{"id": f"pay{n}", "name": f"Pay {n}", "url": url}]}
        for n in (1, 2)
    )
    post = stage.ask(actions=[], attachments=[one, two])

    answer = stage.press(actions_of(post)[0])
    later = stage.press(actions_of(post)[1])

    left = actions_of({"props": answer["update"]["props"]})
    assert [one["name"] for one in left] == ["Pay 2"]
    assert left[0]["integration"]["context"] == actions_of(post)[1]["integration"]["context"]
    assert actions_of({"props": later["update"]["props"]}) == []
    assert "**Pay 1**" in texts_of(later["update"]["props"])


def test_a_rule_with_words_of_its_own_asks_every_question_of_the_message(stage: Stage) -> None:
    support = make_channel("support", stage.channel.server)
    make_rule(support, name="own", integration="n8n", line="Kies")
    url = f"{stage.n8n.url}/webhook/approve"
    attachments = [{"text": str(n), "actions": [{"name": f"Pay {n}", "url": url}]} for n in (1, 2)]
    stage.ask(actions=[], attachments=attachments)
    own = stage.mattermost.posts(channel="support")[-1]

    stage.press(actions_of(own)[1], own["id"])

    assert [one["name"] for one in actions_of(own)] == ["Pay 1", "Pay 2"]
    received = stage.n8n.webhooks["/webhook/approve"].received
    assert [one.body["action"] for one in received] == ["Pay 2"]


def test_more_buttons_than_a_message_can_have_are_shown_as_words(stage: Stage) -> None:
    url = f"{stage.n8n.url}/webhook/approve"
    source = make_source("mattermost_compatible", "Scripts")
    make_rule(stage.channel, name="as sent", integration="mattermost_compatible")
    _row, token = make_token(source, default_channel=stage.channel)
    actions = [{"name": "x", "integration": {"url": url}} for _number in range(22)]
    body = {"text": "Kies", "attachments": [{"text": "a", "actions": actions}]}
    stage.client.post(f"/hooks/{token}", json.dumps(body), content_type="application/json")
    stage.pump.run()

    post = stage.posts()[-1]

    assert len(actions_of(post)) == 20
    assert texts_of(post["props"]).count("`x`") == 2
    assert "20 buttons at most" in Event.objects.get().note


def test_one_decision_counts_in_every_channel(stage: Stage) -> None:
    support = make_channel("support", stage.channel.server)
    make_rule(support, name="also", integration="n8n")
    post = stage.ask()
    other = stage.mattermost.posts(channel="support")[-1]

    stage.press(actions_of(post)[0])
    wait_until(lambda: not actions_of(stage.mattermost.posts(channel="support")[-1]))
    answer = stage.press(
        actions_of(other)[1], other["id"], channel_id=stage.mattermost.channel_id("support")
    )

    assert "decided already" in answer["ephemeral_text"]
    assert len(stage.n8n.webhooks["/webhook/approve"].received) == 1
    text = texts_of(stage.mattermost.posts(channel="support")[-1]["props"])
    assert "**Approve**: @anja" in text


def test_later_news_in_the_thread_leaves_the_cards_buttons_alive(stage: Stage) -> None:
    stage.ask(thread_key="INV-118")
    stage.ask(thread_key="INV-118", actions=[], text="Herinnering", title="Nog steeds open")

    root = stage.posts()[0]

    assert "Herinnering" in texts_of(root["props"])
    assert [one["name"] for one in actions_of(root)] == ["Approve", "Reject"]
    assert "@anja" in texts_of(stage.press(actions_of(root)[0], root["id"])["update"]["props"])


def test_later_news_does_not_bring_decided_buttons_back(stage: Stage) -> None:
    post = stage.ask(thread_key="INV-118")
    answer = stage.press(actions_of(post)[0])
    wait_until(lambda: ActionTarget.objects.get().claimed_until is None)
    stage.ask(thread_key="INV-118", actions=[], text="Betaald", title="Klaar")

    root = stage.posts()[0]

    assert "Betaald" in texts_of(root["props"])
    assert "**Approve**" in texts_of(answer["update"]["props"])
    assert actions_of(root) == []


def test_the_buttons_of_a_reply_stand_in_the_reply_only(stage: Stage) -> None:
    stage.ask(thread_key="INV-118", actions=[])
    reply = stage.ask(thread_key="INV-118")

    root = stage.posts()[0]

    assert len(actions_of(reply)) == 2
    assert actions_of(root) == []


def test_a_redelivered_message_asks_the_same_question(stage: Stage) -> None:
    first = stage.ask()
    redeliver(Delivery.objects.all(), user=None)
    stage.pump.run()
    second = stage.posts()[-1]

    stage.press(actions_of(second)[0], second["id"])
    answer = stage.press(actions_of(first)[0], first["id"])

    assert first["id"] != second["id"]
    assert "decided already" in answer["ephemeral_text"]
    assert ActionTarget.objects.count() == 1


def test_a_replayed_event_asks_the_same_question(stage: Stage) -> None:
    first = stage.ask()
    replay(Event.objects.all(), user=None)
    stage.pump.run()

    second = stage.posts()[-1]

    assert first["id"] != second["id"]
    assert [one["id"] for one in actions_of(first)] == [one["id"] for one in actions_of(second)]


def test_a_press_in_a_channel_of_an_incoming_webhook_names_its_post(
    stage: Stage, standin: MattermostStandin
) -> None:
    Channel.objects.update(
        post_via="incoming_webhook", webhook_url=standin.hook_url("finance"), channel_id=""
    )
    ConfigVersion.bump()
    post = stage.ask()

    answer = stage.press(actions_of(post)[0])
    elsewhere = stage.press(actions_of(post)[0], "p" * 26)

    assert "**Approve**: @anja" in texts_of(answer["update"]["props"])
    assert Delivery.objects.get().post_id == post["id"]
    assert "belongs to another message" in elsewhere["ephemeral_text"]


def test_a_tool_that_posts_as_if_to_mattermost_gets_its_presses_told(stage: Stage) -> None:
    source = make_source("mattermost_compatible", "Scripts")
    make_rule(stage.channel, name="as sent", integration="mattermost_compatible")
    _row, token = make_token(source, default_channel=stage.channel)
    Source.objects.filter(integration="n8n").update(
        credentials={"webhook_header_name": "X-Hub", "webhook_header_value": "secret"}
    )
    url = f"{stage.n8n.url}/webhook/approve"
    action = {"id": "go_now", "name": "Go", "integration": {"url": url, "context": {"n": 7}}}
    body: dict[str, Any] = {"text": "Deploy?", "attachments": [{"actions": [action]}]}
    stage.client.post(f"/hooks/{token}", json.dumps(body), content_type="application/json")
    stage.pump.run()

    stage.press(actions_of(stage.posts()[-1])[0])

    received = stage.n8n.webhooks["/webhook/approve"].received[0]
    assert re.fullmatch(r"[a-z0-9]{1,26}", actions_of(stage.posts()[-1])[0]["id"])
    assert (received.body["context"], received.body["action"]) == ({"n": 7}, "go_now")
    assert "x-hub" not in received.headers  # the credential is n8n's own source's


def test_a_channel_reads_in_its_own_language(stage: Stage) -> None:
    Channel.objects.update(language="nl", channel_id=stage.mattermost.channel_id("finance"))
    ConfigVersion.bump()
    post = stage.ask()
    stage.press(actions_of(post)[0])

    answer = stage.press(actions_of(post)[0])

    assert answer["ephemeral_text"].startswith("Dit is al beslist.")


@pytest.mark.parametrize(
    "body",
    [b"", b"not json", b"[]", b"{}", b'{"user_id": 5, "post_id": "x"}', b"\xff\xfe", b"[" * 9000],
)
def test_what_is_no_press_is_answered_clearly(client: Client, body: bytes) -> None:
    response = client.post("/actions/press", body, content_type="application/json")

    assert response.status_code == 400
    assert response.json()["error"]["message"]
    assert not ActionInvocation.objects.exists()


@pytest.mark.parametrize("context", [None, [], {"hub": 5}, {"hub": "x"}, "x"])
def test_a_context_of_any_shape_is_forged(client: Client, context: Any) -> None:
    body = {"user_id": "u", "post_id": "p", "context": context}

    response = client.post("/actions/press", json.dumps(body), content_type="application/json")

    assert response.status_code == 200
    assert "did not make this button" in response.json()["ephemeral_text"]


def test_forged_presses_do_not_fill_the_table(client: Client) -> None:
    body = json.dumps({"user_id": "u", "post_id": "p"})

    answers = [
        client.post("/actions/press", body, "application/json", REMOTE_ADDR="192.0.2.77")
        for _number in range(40)
    ]

    assert {answer.status_code for answer in answers} == {200}
    assert ActionInvocation.objects.count() <= 31
