"""Dialogs of the Mattermost stand-in: opened with a trigger, filled in, sent to the integration."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.hub.callee import Callee
from tests.hub.event_client import EventClient
from tests.hub.mattermost_api import Clock, refusal
from tests.standins.mattermost import MattermostStandin
from tests.standins.serving import Response

INVALID = "api.context.invalid_body_param.app_error"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def standin(clock: Clock) -> Iterator[MattermostStandin]:
    with MattermostStandin(clock=clock) as standin:
        yield standin


@pytest.fixture
def integration() -> Iterator[Callee]:
    with Callee(Response(200, b'{"text": "one moment"}')) as callee:
        yield callee


@pytest.fixture
def trigger_id(standin: MattermostStandin, integration: Callee) -> str:
    """Of a command that anja has just typed."""
    standin.create_command("ask", integration.url)
    standin.execute("anja", "support", "/ask")
    return integration.form()["trigger_id"]


def dialog(**fields: Any) -> dict[str, Any]:
    reason = {"display_name": "Reason", "name": "reason", "type": "textarea"}
    return {"callback_id": "c1", "title": "Reject", "state": "s1", "elements": [reason], **fields}


def open_dialog(
    standin: MattermostStandin, trigger_id: str, url: str, **fields: Any
) -> requests.Response:
    body = {"trigger_id": trigger_id, "url": url, "dialog": dialog(**fields)}
    return requests.post(f"{standin.url}/api/v4/actions/dialogs/open", json=body, timeout=10)


def test_a_dialog_opens_for_the_person_of_the_trigger(
    standin: MattermostStandin, integration: Callee, trigger_id: str
) -> None:
    with EventClient(standin, standin.user_token("anja")) as anja:
        anja.read()
        response = open_dialog(standin, trigger_id, integration.url)
        told = anja.read()

    assert response.json() == {"status": "OK"}
    assert told["event"] == "open_dialog"
    assert json.loads(told["data"]["dialog"])["dialog"]["title"] == "Reject"
    assert standin.dialogs_of("anja")[0]["url"] == integration.url
    assert standin.dialogs_of("bart") == []


def test_what_is_filled_in_goes_to_the_integration(
    standin: MattermostStandin, integration: Callee, trigger_id: str
) -> None:
    open_dialog(standin, trigger_id, integration.url)
    integration.reply_with(Response(200, b'{"errors": {"reason": "Too short"}}'))
    (opened,) = standin.dialogs_of("anja")

    outcome = standin.submit("anja", "support", opened, {"reason": "no"})

    sent = json.loads(integration.requests[-1].body)
    assert (sent["type"], sent["callback_id"], sent["state"]) == ("dialog_submission", "c1", "s1")
    assert (sent["submission"], sent["cancelled"]) == ({"reason": "no"}, False)
    assert sent["user_id"] == standin.user_id("anja")
    assert outcome.body == {"errors": {"reason": "Too short"}}


def test_an_integration_that_fails_is_told_to_the_person(
    standin: MattermostStandin, integration: Callee, trigger_id: str
) -> None:
    open_dialog(standin, trigger_id, integration.url)
    integration.reply_with(Response(403))

    outcome = standin.submit("anja", "support", standin.dialogs_of("anja")[0], {})

    assert outcome.status == 400


def test_a_trigger_is_good_for_half_a_minute(
    standin: MattermostStandin, clock: Clock, integration: Callee, trigger_id: str
) -> None:
    clock.now += 30
    in_time = open_dialog(standin, trigger_id, integration.url)
    clock.now += 1
    too_late = open_dialog(standin, trigger_id, integration.url)

    assert in_time.status_code == 200
    assert refusal(too_late) == (400, "interactive_message.decode_trigger_id.expired")


def test_a_trigger_that_nobody_made_opens_nothing(
    standin: MattermostStandin, integration: Callee
) -> None:
    response = open_dialog(standin, "nonsense", integration.url)

    assert refusal(response) == (
        400,
        "interactive_message.decode_trigger_id.verify_signature_failed",
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"title": ""},
        {"title": "x" * 25},
        {"elements": [{"name": "a", "type": "nonsense"}]},
        {"elements": [{"name": "a", "type": "text", "display_name": "x" * 25}]},
        {"elements": "nonsense"},
    ],
)
def test_a_dialog_that_no_client_could_show_is_refused(
    standin: MattermostStandin, integration: Callee, trigger_id: str, fields: dict[str, Any]
) -> None:
    response = open_dialog(standin, trigger_id, integration.url, **fields)

    assert refusal(response) == (400, INVALID)
