"""Slash commands of the Mattermost stand-in: what is sent, its limits, how answers are shown."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests

from tests.hub.callee import Callee
from tests.hub.mattermost_api import Api, refusal
from tests.standins.mattermost import MattermostStandin
from tests.standins.serving import Answer, Cut, Response

FAILED = "api.command.execute_command.failed.app_error"
FAILED_RESPONSE = "api.command.execute_command.failed_resp.app_error"
HALF_AN_HOUR_S = 30 * 60


class Clock:
    """Time that moves only when told."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def standin(clock: Clock) -> Iterator[MattermostStandin]:
    with MattermostStandin(clock=clock) as standin:
        yield standin


@pytest.fixture
def admin(standin: MattermostStandin) -> Iterator[Api]:
    with Api(standin, standin.user_token("admin")) as api:
        yield api


@pytest.fixture
def integration() -> Iterator[Callee]:
    with Callee(in_json({})) as callee:
        yield callee


@pytest.fixture
def command(standin: MattermostStandin, integration: Callee) -> dict[str, Any]:
    return standin.create_command("reply", integration.url)


def in_json(value: object, status: int = 200) -> Response:
    return Response(status, json.dumps(value).encode())


def wish(standin: MattermostStandin, trigger: str = "reply", **fields: Any) -> dict[str, Any]:
    team_id = requests.get(
        f"{standin.url}/api/v4/teams/name/{standin.team}",
        headers={"Authorization": f"Bearer {standin.token}"},
        timeout=10,
    ).json()["id"]
    url = "https://hub.example.test/commands/1"
    return {"team_id": team_id, "trigger": trigger, "url": url, "method": "P", **fields}


def test_a_command_is_sent_as_a_sorted_form_with_its_token(
    standin: MattermostStandin, integration: Callee, command: dict[str, Any]
) -> None:
    standin.execute("anja", "support", "/Reply #23  see @bart in ~alerts & more")

    (request,) = integration.requests
    pairs = parse_qsl(request.body.decode(), keep_blank_values=True)
    assert request.method == "POST"
    assert request.headers["authorization"] == f"Token {command['token']}"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert request.headers["user-agent"] == "Mattermost-Bot/1.1"
    assert [name for name, _value in pairs] == [
        *("channel_id", "channel_mentions", "channel_mentions_ids", "channel_name", "command"),
        *("response_url", "root_id", "team_domain", "team_id", "text", "token", "trigger_id"),
        *("user_id", "user_mentions", "user_mentions_ids", "user_name"),
    ]
    form = dict(pairs)
    assert form["text"] == "#23  see @bart in ~alerts & more"
    assert (form["command"], form["token"]) == ("/reply", command["token"])
    assert form["user_mentions_ids"] == standin.user_id("bart")
    assert form["response_url"].startswith(f"{standin.url}/hooks/commands/")


def test_a_thread_is_named_unless_the_server_is_old(
    standin: MattermostStandin, integration: Callee, command: dict[str, Any]
) -> None:
    root = standin.post_as("bart", "support", "root").body["id"]

    standin.execute("anja", "support", "/reply hello", root_id=root)
    standin.configure(Version="5.37.0")
    standin.execute("anja", "support", "/reply hello", root_id=root)

    assert integration.form(0)["root_id"] == root
    assert "root_id" not in integration.form(1)


def test_a_get_command_carries_the_form_in_its_query(
    standin: MattermostStandin, integration: Callee
) -> None:
    standin.create_command("look", f"{integration.url}?a=1", method="G")

    standin.execute("anja", "support", "/look ZD#74001")

    (request,) = integration.requests
    assert (request.method, request.body) == ("GET", b"")
    assert (request.query()["a"], request.query()["text"]) == ("1", "ZD#74001")


def test_an_answer_is_shown_to_the_person_alone(
    standin: MattermostStandin, integration: Callee, command: dict[str, Any]
) -> None:
    integration.reply_with(in_json({"text": "Written to <https://x.example.test|ZD#74001>"}))

    outcome = standin.execute("anja", "support", "/reply hello")

    assert (outcome.status, outcome.body["response_type"]) == (200, "")
    assert standin.posts("support") == []
    (seen,) = standin.ephemerals_of("anja")
    assert seen["message"] == "Written to [ZD#74001](https://x.example.test)"
    assert standin.ephemerals_of("bart") == []


def test_an_answer_in_the_channel_is_a_post_of_the_person_in_the_thread(
    standin: MattermostStandin, integration: Callee, command: dict[str, Any]
) -> None:
    root = standin.post_as("bart", "support", "root").body["id"]
    attachment = {"title": "ZD#74001", "actions": [{"name": "Approve"}]}
    answer = {"response_type": "in_channel", "text": "Done", "attachments": [attachment]}
    integration.reply_with(in_json(answer))

    standin.execute("anja", "support", "/reply hello", root_id=root)

    post = standin.posts("support")[1]
    assert (post["username"], post["root_id"], post["message"]) == ("anja", root, "Done")
    assert (post["type"], post["props"]["from_webhook"]) == ("slack_attachment", "true")
    assert post["props"]["attachments"][0]["actions"][0]["id"]


@pytest.mark.parametrize("response_type", ["nonsense", "In_Channel"])
def test_an_unknown_response_type_shows_nothing(
    standin: MattermostStandin, integration: Callee, command: dict[str, Any], response_type: str
) -> None:
    integration.reply_with(in_json({"response_type": response_type, "text": "hello"}))

    outcome = standin.execute("anja", "support", "/reply hello")

    assert outcome.status == 200
    assert standin.posts("support") + standin.ephemerals_of("anja") == []


def test_what_is_not_json_is_the_text(
    standin: MattermostStandin, integration: Callee, command: dict[str, Any]
) -> None:
    html = Response(200, b"<b>hello</b>", "text/html")
    integration.reply_with(html, Response(200, b"", "text/plain"))

    standin.execute("anja", "support", "/reply hello")
    silent = standin.execute("anja", "support", "/reply hello")

    assert [one["message"] for one in standin.ephemerals_of("anja")] == ["<b>hello</b>"]
    assert silent.status == 200


def test_extra_responses_are_shown_too(
    standin: MattermostStandin, integration: Callee, command: dict[str, Any]
) -> None:
    extra = [{"response_type": "in_channel", "text": "for all"}]
    integration.reply_with(in_json({"text": "for you", "extra_responses": extra}))

    standin.execute("anja", "support", "/reply hello")

    assert standin.ephemerals_of("anja")[0]["message"] == "for you"
    assert standin.posts("support")[0]["message"] == "for all"


async def never() -> Answer:
    await asyncio.Event().wait()
    return Cut.CLOSE


@pytest.mark.parametrize(
    ("reply", "error_id"),
    [
        (Response(401, b"{}"), FAILED_RESPONSE),
        (Response(202, b"{}"), FAILED_RESPONSE),
        (Response(200, b""), FAILED),
        (Response(200, b"{} x"), FAILED),
        (Response(200, b'{"text": 7}'), FAILED),
        (Response(200, b'{"text": "' + b"x" * 1024 * 1024 + b'"}'), FAILED),
        (Cut.RESET, FAILED),
        (never, FAILED),
        (
            Response(200, b'{"text": "x", "type": "system_x"}'),
            "api.command.execute_command.create_post_failed.app_error",
        ),
    ],
)
def test_an_answer_that_is_none_is_an_error_of_the_server(
    standin: MattermostStandin,
    integration: Callee,
    command: dict[str, Any],
    reply: Any,
    error_id: str,
) -> None:
    standin.configure(OutgoingIntegrationRequestsTimeout=0.5)
    integration.reply_with(reply)

    outcome = standin.execute("anja", "support", "/reply hello")

    assert (outcome.status, outcome.error_id) == (500, error_id)
    assert standin.ephemerals_of("anja") == []


@pytest.mark.parametrize(
    ("text", "status", "error_id"),
    [
        ("/nonsense", 404, "api.command.execute_command.not_found.app_error"),
        ("reply hello", 400, "api.command.execute_command.start.app_error"),
        ("/ reply", 400, "api.command.execute_command.start.app_error"),
    ],
)
def test_what_is_no_command_is_refused(
    standin: MattermostStandin, command: dict[str, Any], text: str, status: int, error_id: str
) -> None:
    outcome = standin.execute("anja", "support", text)

    assert (outcome.status, outcome.error_id) == (status, error_id)


def test_who_is_not_in_the_channel_cannot_type_there(
    standin: MattermostStandin, integration: Callee, command: dict[str, Any]
) -> None:
    outcome = standin.execute("guest", "finance", "/reply hello")

    assert outcome.status == 403
    assert integration.requests == []


@pytest.mark.parametrize(
    ("settings", "status", "error_id"),
    [
        ({"EnableCommands": False}, 501, "api.command.disabled.app_error"),
        ({"SiteURL": ""}, 400, "api.command.execute_command.site_url_required.app_error"),
    ],
)
def test_an_administrator_can_stand_in_the_way(
    standin: MattermostStandin,
    command: dict[str, Any],
    settings: dict[str, Any],
    status: int,
    error_id: str,
) -> None:
    standin.configure(**settings)

    outcome = standin.execute("anja", "support", "/reply hello")

    assert (outcome.status, outcome.error_id) == (status, error_id)


@pytest.fixture
def response_url(standin: MattermostStandin, integration: Callee, command: dict[str, Any]) -> str:
    standin.execute("anja", "support", "/reply hello")
    return integration.form()["response_url"]


def answer_later(url: str, body: Any) -> requests.Response:
    return requests.post(url, json=body, timeout=10)


def test_a_later_answer_comes_through_the_response_url(
    standin: MattermostStandin, response_url: str
) -> None:
    in_channel = {"response_type": "in_channel", "text": "for all"}

    accepted = answer_later(response_url, in_channel)
    requests.post(response_url, b"plain", headers={"Content-Type": "text/plain"}, timeout=10)

    assert (accepted.status_code, accepted.content) == (200, b"ok")
    assert standin.posts("support")[0]["username"] == "anja"
    assert standin.ephemerals_of("anja")[0]["message"] == "plain"


def test_a_response_url_is_good_for_five_answers_even_failing_ones(
    standin: MattermostStandin, response_url: str
) -> None:
    standin.configure(WrapHookErrors=False)
    failing = {"response_type": "in_channel", "type": "system_x", "text": "x"}
    failed = answer_later(response_url, failing)

    accepted = [answer_later(response_url, {"text": "x"}).status_code for _use in range(4)]
    refused = answer_later(response_url, {"text": "x"})

    assert failed.status_code == 500
    assert accepted == [200, 200, 200, 200]
    assert refusal(refused) == (400, "app.command_webhook.try_use.invalid")


def test_a_response_url_lives_half_an_hour(
    standin: MattermostStandin, clock: Clock, response_url: str
) -> None:
    clock.now += HALF_AN_HOUR_S - 1
    in_time = answer_later(response_url, {"text": "x"})
    clock.now += 1
    too_late = answer_later(response_url, {"text": "x"})

    assert in_time.status_code == 200
    assert refusal(too_late) == (404, "web.command_webhook.general.app_error")


def test_a_later_answer_must_be_readable_and_its_command_alive(
    standin: MattermostStandin, admin: Api, command: dict[str, Any], response_url: str
) -> None:
    standin.configure(WrapHookErrors=False)
    json_type = {"Content-Type": "application/json"}

    unreadable = requests.post(response_url, b"{", headers=json_type, timeout=10)
    admin.delete(f"/commands/{command['id']}")
    orphaned = answer_later(response_url, {"text": "x"})

    assert refusal(unreadable) == (400, "web.command_webhook.parse.app_error")
    assert refusal(orphaned) == (400, "web.command_webhook.command.app_error")


def test_commands_are_created_listed_changed_and_deleted(
    standin: MattermostStandin, admin: Api
) -> None:
    standin.configure(EnableCommands=True)
    created = admin.post("/commands", wish(standin, "Hub", auto_complete=True))
    made = created.json()
    one = f"/commands/{made['id']}"

    listed = admin.get("/commands", team_id=made["team_id"], custom_only="true").json()
    changed = admin.put(one, {**made, "url": "https://hub.example.test/2", "token": "x" * 26})
    deleted = admin.delete(one)

    assert (created.status_code, made["trigger"], len(made["token"])) == (201, "hub", 26)
    assert listed == [made]
    assert changed.json()["url"] == "https://hub.example.test/2"
    assert changed.json()["token"] == made["token"]
    assert deleted.json() == {"status": "OK"}
    assert admin.get(one).status_code == 404


def test_a_new_token_kills_the_old_one(
    standin: MattermostStandin, admin: Api, integration: Callee, command: dict[str, Any]
) -> None:
    fresh = admin.put(f"/commands/{command['id']}/regen_token", {}).json()["token"]

    standin.execute("anja", "support", "/reply hello")

    assert fresh != command["token"]
    assert integration.form()["token"] == fresh


@pytest.mark.parametrize(
    ("fields", "error_id"),
    [
        ({"trigger": "reply"}, "api.command.duplicate_trigger.app_error"),
        ({"trigger": "status"}, "api.command.duplicate_trigger.app_error"),
        ({"trigger": "/hub"}, "model.command.is_valid.trigger.app_error"),
        ({"trigger": "two words"}, "model.command.is_valid.trigger.app_error"),
        ({"trigger": ""}, "model.command.is_valid.trigger.app_error"),
        ({"url": "ftp://hub.example.test"}, "model.command.is_valid.url.app_error"),
        ({"method": "X"}, "model.command.is_valid.method.app_error"),
        ({"description": "x" * 129}, "model.command.is_valid.description.app_error"),
    ],
)
def test_a_command_is_checked_before_it_is_stored(
    standin: MattermostStandin,
    admin: Api,
    command: dict[str, Any],
    fields: dict[str, Any],
    error_id: str,
) -> None:
    response = admin.post("/commands", {**wish(standin, "other"), **fields})

    assert refusal(response) == (400, error_id)


def test_commands_are_for_those_who_may_manage_them(
    standin: MattermostStandin, command: dict[str, Any]
) -> None:
    with Api(standin, standin.user_token("anja")) as anja, Api(standin) as bot:
        refused = anja.post("/commands", wish(standin, "hub"))
        hidden = bot.get(f"/commands/{command['id']}")
        allowed = bot.post("/commands", wish(standin, "hub"))

    assert refusal(refused) == (403, "api.context.permissions.app_error")
    assert hidden.status_code == 404
    assert allowed.status_code == 201


def test_an_ephemeral_post_of_the_api_reaches_its_person(
    standin: MattermostStandin, admin: Api
) -> None:
    post = {"channel_id": standin.channel_id("support"), "message": "psst"}

    admin.post("/posts/ephemeral", {"user_id": standin.user_id("bart"), "post": post})

    assert standin.ephemerals_of("bart")[0]["message"] == "psst"
