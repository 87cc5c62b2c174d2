"""Buttons of workflows: posted as the hub's own, pressed once, told to n8n, and shown."""

import re
from collections.abc import Iterator

import pytest
from django.test import Client

from hub.models import ActionInvocation, ActionTarget
from tests.hub.press_stage import Stage, actions_of, make_stage, texts_of
from tests.pumping import Pump
from tests.standins.mattermost import MattermostStandin
from tests.standins.n8n import Mode, N8nStandin

pytestmark = pytest.mark.django_db(transaction=True)
State = ActionTarget.State


@pytest.fixture
def n8n() -> Iterator[N8nStandin]:
    with N8nStandin() as n8n:
        yield n8n


@pytest.fixture
def pump() -> Iterator[Pump]:
    pump = Pump()
    yield pump
    pump.close()


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
