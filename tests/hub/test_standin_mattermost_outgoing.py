"""Outgoing webhooks of the Mattermost stand-in: when they fire, what is sent, what comes back."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.hub.callee import Callee
from tests.hub.mattermost_api import Api, refusal
from tests.standins.mattermost import MattermostStandin
from tests.standins.serving import Cut, Response


@pytest.fixture
def integration() -> Iterator[Callee]:
    with Callee(Response(200, b"")) as callee:
        yield callee


@pytest.fixture
def admin(standin: MattermostStandin) -> Iterator[Api]:
    with Api(standin, standin.user_token("admin")) as api:
        yield api


@pytest.fixture
def hook(standin: MattermostStandin, integration: Callee) -> dict[str, Any]:
    """A hook that wants every post of ~support."""
    return standin.create_outgoing_hook("support", integration.url)


def test_a_post_is_sent_as_a_form_with_seconds(
    standin: MattermostStandin, integration: Callee, hook: dict[str, Any]
) -> None:
    post = standin.post_as("anja", "support", "hello & all").body

    (request,) = integration.wait_for(1)
    form = integration.form()
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert "authorization" not in request.headers
    assert list(form) == sorted(form)
    assert form["timestamp"] == str(post["create_at"] // 1000)
    assert (form["token"], form["post_id"]) == (hook["token"], post["id"])
    assert (form["text"], form["user_name"], form["trigger_word"]) == ("hello & all", "anja", "")


def test_a_hook_that_wants_json_gets_milliseconds(
    standin: MattermostStandin, integration: Callee
) -> None:
    standin.create_outgoing_hook("support", integration.url, content_type="application/json")

    post = standin.post_as("anja", "support", "hello").body

    sent = json.loads(integration.wait_for(1)[0].body)
    assert list(sent) == [
        *("token", "team_id", "team_domain", "channel_id", "channel_name", "timestamp"),
        *("user_id", "user_name", "post_id", "text", "trigger_word", "file_ids"),
    ]
    assert sent["timestamp"] == post["create_at"]


def test_replies_fire_too_and_do_not_say_so(
    standin: MattermostStandin, integration: Callee, hook: dict[str, Any]
) -> None:
    root = standin.post_as("anja", "support", "root").body["id"]

    standin.post_as("bart", "support", "reply", root_id=root)

    integration.wait_for(2)
    texts = {integration.form(at)["text"] for at in (0, 1)}
    assert texts == {"root", "reply"}
    assert "root_id" not in integration.form()


def test_only_posts_that_begin_with_the_word_fire(
    standin: MattermostStandin, integration: Callee
) -> None:
    standin.create_outgoing_hook("support", integration.url, words=("#help",))

    standin.post_as("anja", "support", "#helpless")
    standin.post_as("anja", "support", "please #help")
    standin.post_as("anja", "alerts", "#help elsewhere")
    standin.post_as("anja", "support", "#help me")

    integration.wait_for(1)
    assert integration.form()["trigger_word"] == "#help"
    assert [integration.form(at)["text"] for at in range(len(integration.requests))] == ["#help me"]


def test_a_word_may_also_be_a_beginning(
    standin: MattermostStandin, admin: Api, integration: Callee, hook: dict[str, Any]
) -> None:
    one = f"/hooks/outgoing/{hook['id']}"
    admin.put(one, {**hook, "trigger_words": ["#help"], "trigger_when": 1})

    standin.post_as("anja", "support", "#helpless")

    integration.wait_for(1)
    assert integration.form()["trigger_word"] == "#help"


def test_webhooks_private_channels_and_switched_off_servers_stay_silent(
    standin: MattermostStandin, integration: Callee, hook: dict[str, Any]
) -> None:
    standin.create_outgoing_hook("private-team", integration.url)
    requests.post(standin.hook_url("support"), json={"text": "by a webhook"}, timeout=10)
    standin.post_as("anja", "private-team", "in private")
    standin.configure(EnableOutgoingWebhooks=False)
    standin.post_as("anja", "support", "switched off")
    standin.configure(EnableOutgoingWebhooks=True)

    standin.post_as("anja", "support", "heard")

    assert len(integration.wait_for(1)) == 1
    assert integration.form()["text"] == "heard"


def test_a_public_answer_to_a_command_fires(
    standin: MattermostStandin, integration: Callee, hook: dict[str, Any]
) -> None:
    answer = b'{"response_type": "in_channel", "text": "for all"}'
    with Callee(Response(200, answer)) as command:
        standin.create_command("say", command.url)
        standin.execute("anja", "support", "/say")

    integration.wait_for(1)
    assert integration.form()["text"] == "for all"


def test_an_answer_becomes_a_post_of_the_hooks_creator(
    standin: MattermostStandin, integration: Callee, hook: dict[str, Any]
) -> None:
    integration.reply_with(Response(500, b'{"text": "noted", "response_type": "comment"}'))

    post = standin.post_as("anja", "support", "hello").body

    answer = standin.wait_for_posts(2)[1]
    assert (answer["username"], answer["message"]) == ("admin", "noted")
    assert (answer["root_id"], answer["props"]) == (post["id"], {"from_webhook": "true"})


@pytest.mark.parametrize(
    "reply", [Cut.RESET, Response(200, b"nonsense"), Response(200, b'{"text": 7}')]
)
def test_a_failure_is_never_repeated(
    standin: MattermostStandin, integration: Callee, hook: dict[str, Any], reply: Any
) -> None:
    integration.reply_with(reply, Response(200, b'{"text": "noted"}'))
    standin.post_as("anja", "support", "first")
    integration.wait_for(1)

    standin.post_as("anja", "support", "second")

    standin.wait_for_posts(3)
    assert [integration.form(at)["text"] for at in (0, 1)] == ["first", "second"]
    assert len(integration.requests) == 2


def test_all_addresses_of_a_hook_are_asked(standin: MattermostStandin, integration: Callee) -> None:
    standin.create_outgoing_hook("support", f"{integration.url}/1", f"{integration.url}/2")

    standin.post_as("anja", "support", "hello")

    paths = {request.path for request in integration.wait_for(2)}
    assert paths == {"/callback/1", "/callback/2"}


def test_outgoing_hooks_are_created_listed_and_deleted(
    standin: MattermostStandin, admin: Api
) -> None:
    team_id = admin.get(f"/teams/name/{standin.team}").json()["id"]
    support, url = standin.channel_id("support"), "https://hub.example.test/in"
    wish = {"team_id": team_id, "channel_id": support, "callback_urls": [url]}

    created = admin.post("/hooks/outgoing", wish)
    twice = admin.post("/hooks/outgoing", wish)
    one = f"/hooks/outgoing/{created.json()['id']}"
    listed = admin.get("/hooks/outgoing", channel_id=support).json()
    renewed = admin.post(f"{one}/regen_token").json()
    deleted = admin.delete(one)

    assert created.status_code == 201
    assert refusal(twice) == (500, "api.webhook.create_outgoing.intersect.app_error")
    assert listed == [created.json()]
    assert renewed["token"] != created.json()["token"]
    assert deleted.json() == {"status": "OK"}
    assert admin.get(one).status_code == 404


@pytest.mark.parametrize(
    ("fields", "status", "error_id"),
    [
        ({"callback_urls": []}, 400, "model.outgoing_hook.is_valid.callback.app_error"),
        ({"callback_urls": ["x"]}, 400, "model.outgoing_hook.is_valid.callback.app_error"),
        ({"channel_id": ""}, 400, "api.webhook.create_outgoing.triggers.app_error"),
        ({"channel_id": "x" * 26}, 404, "app.channel.get.existing.app_error"),
        ({"trigger_when": 2}, 400, "api.context.invalid_body_param.app_error"),
        ({"team_id": "x" * 26}, 403, "api.webhook.create_outgoing.permissions.app_error"),
    ],
)
def test_an_outgoing_hook_is_checked_before_it_is_stored(
    standin: MattermostStandin, admin: Api, fields: dict[str, Any], status: int, error_id: str
) -> None:
    team_id = admin.get(f"/teams/name/{standin.team}").json()["id"]
    url = "https://hub.example.test/in"
    wish = {"team_id": team_id, "channel_id": standin.channel_id("support")}

    response = admin.post("/hooks/outgoing", {**wish, "callback_urls": [url], **fields})

    assert refusal(response) == (status, error_id)


def test_private_channels_have_no_outgoing_hooks(standin: MattermostStandin, admin: Api) -> None:
    team_id = admin.get(f"/teams/name/{standin.team}").json()["id"]
    wish = {"team_id": team_id, "channel_id": standin.channel_id("private-team")}

    response = admin.post("/hooks/outgoing", {**wish, "callback_urls": ["https://x.example.test"]})

    assert refusal(response) == (403, "api.webhook.create_outgoing.not_open.app_error")


def test_outgoing_hooks_are_for_those_who_may_manage_them(
    standin: MattermostStandin, hook: dict[str, Any]
) -> None:
    with Api(standin, standin.user_token("anja")) as anja:
        refused = anja.get(f"/hooks/outgoing/{hook['id']}")

    assert refusal(refused) == (403, "api.context.permissions.app_error")


def test_an_incoming_hook_moves_to_another_owner(standin: MattermostStandin, admin: Api) -> None:
    hook_url = standin.hook_url("support")
    hook_id = hook_url.rpartition("/")[2]

    moved = admin.post(f"/hooks/incoming/{hook_id}/move/{standin.user_id('anja')}")
    requests.post(hook_url, json={"text": "hello"}, timeout=10)

    assert moved.json()["user_id"] == standin.user_id("anja")
    assert standin.posts("support")[0]["username"] == "anja"


def test_a_channel_becomes_private_and_is_renamed(standin: MattermostStandin, admin: Api) -> None:
    one = f"/channels/{standin.channel_id('support')}"

    private = admin.put(f"{one}/privacy", {"privacy": "P"}).json()
    renamed = admin.put(one, {**private, "display_name": "Help desk"}).json()
    mistaken = admin.put(one, {"display_name": "x"})

    assert (private["type"], renamed["display_name"]) == ("P", "Help desk")
    assert refusal(mistaken) == (400, "api.context.invalid_body_param.app_error")
