"""Slash commands of the Mattermost stand-in as an administrator makes and changes them."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.hub.callee import Callee
from tests.hub.mattermost_api import Api, refusal
from tests.standins.mattermost import MattermostStandin


@pytest.fixture
def admin(standin: MattermostStandin) -> Iterator[Api]:
    with Api(standin, standin.user_token("admin")) as api:
        yield api


@pytest.fixture
def integration() -> Iterator[Callee]:
    with Callee() as callee:
        yield callee


@pytest.fixture
def command(standin: MattermostStandin, integration: Callee) -> dict[str, Any]:
    return standin.create_command("reply", integration.url)


def wish(standin: MattermostStandin, trigger: str = "reply", **fields: Any) -> dict[str, Any]:
    team_id = requests.get(
        f"{standin.url}/api/v4/teams/name/{standin.team}",
        headers={"Authorization": f"Bearer {standin.token}"},
        timeout=10,
    ).json()["id"]
    url = "https://hub.example.test/commands/1"
    return {"team_id": team_id, "trigger": trigger, "url": url, "method": "P", **fields}


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
