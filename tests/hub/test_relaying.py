"""Buttons of workflows: posted as the hub's own, pressed once, told to n8n, and shown."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from hub.models import (
    Account,
    ActionInvocation,
    ActionTarget,
    ConfigVersion,
    Person,
    TriggerRule,
)
from hub.relaying import resume_relays
from hub.signatures import sign_hs256
from tests.hub.press_stage import Stage, actions_of, make_stage, press, texts_of
from tests.pumping import Pump
from tests.running import wait_until
from tests.standins.mattermost import MattermostStandin
from tests.standins.n8n import Mode, N8nStandin

pytestmark = pytest.mark.django_db(transaction=True)
State = ActionTarget.State


@pytest.fixture
def n8n() -> Iterator[N8nStandin]:
    with N8nStandin() as n8n:
        yield n8n


@pytest.fixture
def stage(standin: MattermostStandin, n8n: N8nStandin, client: Client, pump: Pump) -> Stage:
    return make_stage(standin, n8n, client, pump)


def outcomes() -> list[str]:
    return list(ActionInvocation.objects.order_by("pk").values_list("outcome", flat=True))


def test_buttons_are_posted_as_the_hubs_own(stage: Stage) -> None:
    post = stage.ask()

    approve, reject = actions_of(post)
    assert [approve["name"], approve["style"]] == ["Approve", "good"]
    assert [reject["name"], reject["style"]] == ["Reject", "danger"]
    assert re.fullmatch(r"[a-z0-9]{1,26}", approve["id"])
    assert approve["integration"]["url"].endswith("/actions/press")
    assert "webhook" not in repr(post)


def test_a_press_is_told_with_what_the_workflow_gave_along(stage: Stage) -> None:
    webhook = stage.n8n.webhook()
    post = stage.ask()

    stage.press(actions_of(post)[0])

    told = webhook.received[0].body
    assert told["context"] == {"invoice": "118"}
    assert (told["action"], told["user_name"]) == ("approve", "anja")
    assert (told["post_id"], told["decided_by"]) == (post["id"], "@anja")


def test_the_post_says_who_decided_and_what_n8n_made_of_it(stage: Stage) -> None:
    stage.n8n.webhook()
    post = stage.ask()

    answer = stage.press(actions_of(post)[0])

    props = answer["update"]["props"]
    assert answer["update"]["message"] == post["message"]
    assert "**Approve**: @anja, " in texts_of(props)
    assert "Workflow was started" in texts_of(props)
    assert "Goedkeuren?" in texts_of(props)
    assert "actions" not in repr(props)
    assert outcomes() == ["accepted"]


def test_what_the_workflow_answers_is_passed_on(stage: Stage) -> None:
    reply = {
        "update": {"message": "Betaald @all", "props": {"attachments": [{"text": "op 24 nov"}]}},
        "ephemeral_text": "Dank je",
    }
    stage.n8n.webhook(mode=Mode.RESPOND_NODE, answer=reply)
    post = stage.ask()

    answer = stage.press(actions_of(post)[0])

    assert answer["ephemeral_text"] == "Dank je"
    assert answer["update"]["message"].startswith("Betaald")
    assert "@all" not in answer["update"]["message"]
    assert "op 24 nov" in texts_of(answer["update"]["props"])
    assert "**Approve**" in texts_of(answer["update"]["props"])


def test_a_second_press_does_nothing_and_says_who_decided(stage: Stage) -> None:
    webhook = stage.n8n.webhook()
    post = stage.ask()
    stage.press(actions_of(post)[0])

    answer = stage.press(actions_of(post)[1], username="bart")

    assert "decided already" in answer["ephemeral_text"]
    assert "@anja" in answer["ephemeral_text"]
    assert len(webhook.received) == 1
    assert outcomes() == ["accepted", "second"]


def test_a_forged_context_is_refused(stage: Stage) -> None:
    webhook = stage.n8n.webhook()
    action = actions_of(stage.ask())[0]
    action["integration"]["context"] = {"hub": "eyJraW5kIjoicmVsYXkifQ:1x:forged"}

    answer = stage.press(action)

    assert answer["ephemeral_text"] == "The hub did not make this button. Nothing was done."
    assert webhook.received == []
    assert outcomes() == ["forged"]


def test_a_context_taken_to_another_post_is_refused(stage: Stage) -> None:
    webhook = stage.n8n.webhook()
    action = actions_of(stage.ask())[0]

    answer = stage.press(action, post_id="p" * 26)

    assert "belongs to another message" in answer["ephemeral_text"]
    assert webhook.received == []
    assert outcomes() == ["forged"]


def test_a_press_after_its_time_is_refused(stage: Stage, clock: time_machine.Traveller) -> None:
    webhook = stage.n8n.webhook()
    action = actions_of(stage.ask())[0]
    clock.shift(7 * 24 * 3600 + 1)

    answer = stage.press(action)

    assert answer["ephemeral_text"] == "It is too late for this button. Nothing was done."
    assert webhook.received == []
    assert outcomes() == ["late"]


def test_the_rule_says_how_long_a_button_can_be_pressed(
    stage: Stage, clock: time_machine.Traveller
) -> None:
    stage.n8n.webhook()
    TriggerRule.objects.update(press_hours=1)
    ConfigVersion.bump()
    action = actions_of(stage.ask())[0]
    clock.shift(3601)

    assert "too late" in stage.press(action)["ephemeral_text"]


def test_a_person_who_was_switched_off_presses_nothing(stage: Stage) -> None:
    action = actions_of(stage.ask())[0]
    person = Person.objects.create(name="Anja Voorbeeld", is_active=False)
    Account.objects.create(
        person=person,
        server=stage.channel.server,
        external_id=stage.mattermost.user_id("anja"),
        state=Account.State.CONFIRMED,
    )

    answer = stage.press(action)

    assert "switched you off" in answer["ephemeral_text"]
    assert outcomes() == ["unauthorised"]


@pytest.mark.parametrize(
    ("rule", "username", "words"),
    [
        ({"press_audience": "members"}, "guest", "Guests may not"),
        ({"press_audience": "listed", "press_usernames": "@bart"}, "anja", "Only @bart may"),
        ({"press_audience": "channel_admins"}, "anja", "Only administrators"),
        ({"is_press_members_only": True}, "guest", "Only members"),
    ],
)
def test_who_the_rule_does_not_let_is_told_so(
    stage: Stage, rule: dict[str, Any], username: str, words: str
) -> None:
    webhook = stage.n8n.webhook()
    TriggerRule.objects.update(**rule)
    ConfigVersion.bump()
    action = actions_of(stage.ask())[0]

    answer = stage.press(action, username=username)

    assert words in answer["ephemeral_text"]
    assert webhook.received == []
    assert outcomes() == ["unauthorised"]


@pytest.mark.parametrize(
    ("rule", "username"),
    [
        ({"press_audience": "members"}, "anja"),
        ({"press_audience": "listed", "press_usernames": "@bart, @anja"}, "anja"),
        ({"press_audience": "channel_admins"}, "admin"),
        ({"is_press_members_only": True}, "anja"),
    ],
)
def test_who_the_rule_lets_decides(stage: Stage, rule: dict[str, Any], username: str) -> None:
    stage.n8n.webhook()
    stage.mattermost.add_member("finance", username)
    TriggerRule.objects.update(**rule)
    ConfigVersion.bump()
    action = actions_of(stage.ask())[0]

    stage.press(action, username=username)

    assert outcomes() == ["accepted"]


def test_nobody_decides_while_mattermost_does_not_say_who_it_is(stage: Stage) -> None:
    TriggerRule.objects.update(press_audience="members")
    ConfigVersion.bump()
    action = actions_of(stage.ask())[0]
    body = stage.press_body(action)
    stage.mattermost.go_offline()

    answer = press(stage.client, body)

    assert "does not tell the hub who you are" in answer["ephemeral_text"]
    assert outcomes() == ["unauthorised"]


def test_two_different_people_have_to_press_the_same_button(stage: Stage) -> None:
    webhook = stage.n8n.webhook()
    TriggerRule.objects.update(presses_needed=2)
    ConfigVersion.bump()
    approve, reject = actions_of(stage.ask())

    first = stage.press(approve)
    again = stage.press(approve)
    other = stage.press(reject, username="bart")
    last = stage.press(approve, username="bart")

    assert "second person" in first["ephemeral_text"]
    assert "**Approve**: @anja. A second person" in texts_of(first["update"]["props"])
    assert len(actions_of({"props": first["update"]["props"]})) == 2
    assert "second person" in again["ephemeral_text"]
    assert "second person" in other["ephemeral_text"]
    assert "@anja, @bart" in texts_of(last["update"]["props"])
    assert [one.body["decided_by"] for one in webhook.received] == ["@anja, @bart"]
    assert outcomes() == ["waiting", "waiting", "waiting", "accepted"]


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        (Mode.INACTIVE, "does not listen at the button's address"),
        (Mode.ERROR, "ended with an error (500)"),
        (Mode.STARTING, "cannot be reached now"),
        (Mode.PROXY, "does not listen at the button's address"),
    ],
)
def test_what_n8n_does_not_do_can_be_pressed_again(stage: Stage, mode: Mode, words: str) -> None:
    webhook = stage.n8n.webhook(mode=mode)
    action = actions_of(stage.ask())[0]

    failed = stage.press(action)
    webhook.mode = Mode.ON_RECEIVED
    told = stage.press(action, username="bart")

    assert words in failed["ephemeral_text"]
    assert len(actions_of({"props": failed["update"]["props"]})) == 2
    assert "@bart" in texts_of(told["update"]["props"])
    assert outcomes() == ["failed", "accepted"]


def test_a_refused_credential_is_said(stage: Stage) -> None:
    stage.n8n.webhook(header=("X-Hub", "right"))
    action = actions_of(stage.ask())[0]

    answer = stage.press(action)

    assert "has to check the credential" in answer["ephemeral_text"]
    assert "Authorization data is wrong" not in repr(answer)


def test_the_credential_of_the_source_is_sent_along(stage: Stage) -> None:
    webhook = stage.n8n.webhook(header=("X-Hub", "right"))
    stage.source.credentials = {"webhook_header_name": "X-Hub", "webhook_header_value": "right"}
    stage.source.save()
    action = actions_of(stage.ask())[0]

    stage.press(action)

    assert outcomes() == ["accepted"]
    assert webhook.received[0].headers["user-agent"].startswith("hub/")
    assert len(webhook.received[0].headers["idempotency-key"]) == 32


def test_a_short_lived_token_is_made_for_the_very_body(stage: Stage) -> None:
    webhook = stage.n8n.webhook()
    stage.source.credentials = {"webhook_jwt_secret": "shared"}
    stage.source.save()
    action = actions_of(stage.ask())[0]

    stage.press(action)

    received = webhook.received[0]
    signed, _dot, signature = received.headers["authorization"][7:].rpartition(".")
    claims = json.loads(base64.urlsafe_b64decode(signed.partition(".")[2] + "=="))
    assert signature == sign_hs256(signed, b"shared")
    assert claims["exp"] - claims["iat"] == 60
    assert claims["sha256"] == hashlib.sha256(received.raw).hexdigest()


def test_a_slow_workflow_is_waited_for_in_the_background(stage: Stage, settings: Any) -> None:
    settings.HUB_PRESS_SECONDS = 0.1
    webhook = stage.n8n.webhook(is_held=True)
    action = actions_of(stage.ask())[0]

    answer = stage.press(action)
    second = stage.press(action, username="bart")
    webhook.is_held = False
    wait_until(lambda: "Workflow was started" in texts_of(stage.posts()[-1]["props"]))

    assert "busy with it" in answer["ephemeral_text"]
    assert "busy with it" in texts_of(answer["update"]["props"])
    assert "decided already" in second["ephemeral_text"]
    assert actions_of(stage.posts()[-1]) == []
    assert len(webhook.received) == 1


def test_a_decision_that_a_killed_process_left_is_told_again_with_the_same_key(
    stage: Stage, clock: time_machine.Traveller
) -> None:
    webhook = stage.n8n.webhook()
    action = actions_of(stage.ask())[0]
    abandon(stage, action)
    clock.shift(121)

    resumed = resume_relays()

    assert resumed == 1
    assert [one.headers["idempotency-key"] for one in webhook.received] == ["k" * 32]
    assert "**Approve**: @anja" in texts_of(stage.posts()[-1]["props"])
    assert resume_relays() == 0


def test_a_later_press_continues_what_a_killed_process_left(
    stage: Stage, clock: time_machine.Traveller
) -> None:
    webhook = stage.n8n.webhook()
    approve, reject = actions_of(stage.ask())
    abandon(stage, approve)
    too_early = stage.press(reject, username="bart")
    clock.shift(121)

    answer = stage.press(reject, username="bart")

    assert "decided already" in too_early["ephemeral_text"]
    assert "**Approve**: @anja" in answer["ephemeral_text"]
    assert [one.body["action"] for one in webhook.received] == ["approve"]
    assert ActionTarget.objects.get().state == State.DECIDED


def test_no_answer_at_all_is_asked_for_again_and_then_given_up(
    stage: Stage, clock: time_machine.Traveller
) -> None:
    webhook = stage.n8n.webhook(mode=Mode.RESET)
    action = actions_of(stage.ask())[0]

    answer = stage.press(action)
    clock.shift(46)
    resume_relays()
    clock.shift(46)
    resume_relays()

    assert "busy with it" in answer["ephemeral_text"]
    assert len({one.headers["idempotency-key"] for one in webhook.received}) == 1
    assert len(webhook.received) == 3
    assert ActionTarget.objects.get().state == State.OPEN
    assert "did not answer" in texts_of(stage.posts()[-1]["props"])
    assert len(actions_of(stage.posts()[-1])) == 2


def abandon(stage: Stage, action: dict[str, Any]) -> None:
    """As a process leaves it that is killed between its claim and its call."""
    now = timezone.now()
    ActionTarget.objects.update(
        state=State.RUNNING,
        chosen=0,
        decision_key="k" * 32,
        decided_by="@anja",
        decided_at=now,
        press=stage.press_body(action),
        attempt_count=1,
        claimed_until=now + timedelta(seconds=120),
    )
