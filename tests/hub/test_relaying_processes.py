"""Presses through a real web server: at the same moment, and when it is killed."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.request import Request, urlopen

import pytest
from django.test import Client
from django.utils import timezone

from hub.models import ActionInvocation, ActionTarget
from hub.relaying import resume_relays
from tests.hub.press_stage import Stage, actions_of, make_stage, texts_of
from tests.pumping import Pump
from tests.running import running_web, wait_until
from tests.standins.mattermost import MattermostStandin
from tests.standins.n8n import N8nStandin

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE = 4  # the threads of the web server


@pytest.fixture
def stage(standin: MattermostStandin, client: Client) -> Iterator[Stage]:
    pump = Pump()
    with N8nStandin() as n8n:
        yield make_stage(standin, n8n, client, pump)
    pump.close()


def press(hub_url: str, body: dict[str, Any]) -> dict[str, Any]:
    request = Request(f"{hub_url}/actions/press", json.dumps(body).encode())
    with urlopen(request, timeout=20) as response:
        return json.load(response)  # type: ignore[no-any-return]  # an object


def test_of_presses_at_the_same_moment_one_decides(stage: Stage, hub_url: str) -> None:
    webhook = stage.n8n.webhook()
    approve, reject = actions_of(stage.ask())
    bodies = [
        stage.press_body(action, username=name)
        for action in (approve, reject)
        for name in ("anja", "bart")
    ]

    with ThreadPoolExecutor(AT_ONCE) as threads:
        answers = list(threads.map(lambda body: press(hub_url, body), bodies))

    second = [one for one in answers if "decided already" in one.get("ephemeral_text", "")]
    assert len(webhook.received) == 1
    assert len(second) == AT_ONCE - 1
    outcomes = ActionInvocation.objects.values_list("outcome", flat=True)
    assert sorted(outcomes) == ["accepted", "second", "second", "second"]


def test_a_press_whose_server_is_killed_is_told_again_under_its_key(
    stage: Stage, transactional_db: None
) -> None:
    webhook = stage.n8n.webhook(is_held=True)
    body = stage.press_body(actions_of(stage.ask())[0])
    with running_web() as web, ThreadPoolExecutor(1) as threads:
        answer = threads.submit(press, web.url, body)
        wait_until(lambda: webhook.received)
        web.kill_all()
        assert answer.exception() is not None
    webhook.is_held = False
    ActionTarget.objects.update(claimed_until=timezone.now())

    resume_relays()

    first, again = (one.headers["idempotency-key"] for one in webhook.received)
    assert first == again
    assert "**Approve**: @anja" in texts_of(stage.posts()[-1]["props"])
    assert actions_of(stage.posts()[-1]) == []
