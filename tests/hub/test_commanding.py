"""/commands/<name>: what Mattermost sends, in every shape, and what nobody else may."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from hub import commanding
from hub.models import CommandInvocation, Refusal, SlashCommand
from hub.secrets import hash_token
from tests.commands import TOKEN, make_command
from tests.factories import make_server

pytestmark = pytest.mark.django_db

FORM = "application/x-www-form-urlencoded"
FIELDS = {
    "channel_id": "c" * 26,
    "channel_name": "support",
    "command": "/reply",
    "response_url": "https://mattermost.example.test/hooks/commands/xxx",
    "team_id": "t" * 26,
    "text": "#23 Code review done",
    "token": TOKEN,
    "user_id": "u" * 26,
    "user_name": "john.doe",
}


@pytest.fixture(autouse=True)
def command(monkeypatch: pytest.MonkeyPatch) -> SlashCommand:
    """Nobody runs what is typed here: the view must not wait for it."""
    monkeypatch.setattr(commanding, "ANSWER_WITHIN_S", 0.0)
    return make_command(make_server())


def post_form(client: Client, **changes: str) -> int:
    return post(client, FIELDS | changes).status_code


def post(client: Client, fields: dict[str, str], name: str = "reply", **headers: str) -> Any:
    body = urlencode(fields)
    return client.post(f"/commands/{name}", body, content_type=FORM, headers=headers)


def test_a_form_is_stored_and_answered(client: Client) -> None:
    response = post(client, FIELDS | {"trigger_id": "one"})

    row = CommandInvocation.objects.get()
    assert response.json()["text"] == "Busy with it; the result follows here."
    assert response["Content-Type"] == "application/json"
    assert (row.username, row.text) == ("john.doe", "#23 Code review done")
    assert row.is_answered_late


def test_the_fields_as_json_are_taken_too(client: Client) -> None:
    body = json.dumps(FIELDS)

    response = client.post("/commands/reply", body, content_type="application/json")

    assert response.status_code == 200
    assert CommandInvocation.objects.get().text == "#23 Code review done"


def test_a_command_may_come_in_the_address(client: Client) -> None:
    text = "#23 " + "long " * 100

    response = client.get("/commands/reply", FIELDS | {"text": text})

    assert response.status_code == 200
    assert CommandInvocation.objects.get().text == text


def test_the_token_may_stand_in_the_header_alone(client: Client) -> None:
    fields = {name: value for name, value in FIELDS.items() if name != "token"}

    response = post(client, fields, Authorization=f"Token {TOKEN}")

    assert response.status_code == 200


@pytest.mark.parametrize(
    ("token", "header"),
    [("wrong", ""), ("", ""), (TOKEN, "Token wrong"), ("wrong", f"Token {TOKEN}")],
)
def test_a_wrong_token_is_refused_with_a_row(client: Client, token: str, header: str) -> None:
    headers = {"Authorization": header} if header else {}

    response = post(client, FIELDS | {"token": token}, **headers)

    assert response.status_code == 401
    assert Refusal.objects.get().path == "/commands/reply"
    assert not CommandInvocation.objects.exists()


def test_an_unknown_command_is_not_found(client: Client) -> None:
    assert post(client, FIELDS, "nope").status_code == 404


def test_a_command_that_is_switched_off_is_not_found(client: Client, command: SlashCommand) -> None:
    SlashCommand.objects.update(is_active=False)

    assert post_form(client) == 404


def test_two_tokens_are_valid_while_one_takes_over(client: Client) -> None:
    SlashCommand.objects.update(
        token_sha256=hash_token("new"),
        previous_sha256=hash_token(TOKEN),
        previous_until=timezone.now() + timedelta(hours=1),
    )

    assert post_form(client) == 200
    assert post_form(client, token="new") == 200


def test_the_old_token_ends(client: Client) -> None:
    SlashCommand.objects.update(
        token_sha256=hash_token("new"),
        previous_sha256=hash_token(TOKEN),
        previous_until=timezone.now() - timedelta(seconds=1),
    )

    assert post_form(client) == 401


def test_two_teams_have_a_command_of_one_name(client: Client) -> None:
    other = make_server("Other")
    make_command(other, token_sha256=hash_token("other"))

    post_form(client, token="other")

    assert CommandInvocation.objects.get().server == other


def test_the_same_trigger_is_one_invocation(client: Client) -> None:
    post_form(client, trigger_id="one")
    post_form(client, trigger_id="one")

    assert CommandInvocation.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"\xff\xfe", FORM, 400),
        (b"[1, 2]", "application/json", 400),
        (b"{", "application/json", 400),
        (b'{"token": 5, "text": null}', "application/json", 401),
        (b"", FORM, 401),
        (b"&".join(b"a=1" for _ in range(500)), FORM, 400),
        (b"text=" + b"x" * 5_000_000, FORM, 401),
    ],
)
def test_garbage_gets_a_clear_answer_and_a_row(
    client: Client, body: bytes, content_type: str, status: int
) -> None:
    response = client.post("/commands/reply", body, content_type=content_type)

    assert response.status_code == status
    assert response.json()["error"]
    assert Refusal.objects.exists()


def test_what_cannot_be_stored_is_replaced(client: Client) -> None:
    assert post_form(client, text="#23 nul\x00 byte") == 200
    assert CommandInvocation.objects.get().text == "#23 nul� byte"


def away_for(statement: str) -> Callable[..., Any]:
    """The database, for the statements that begin so."""

    def execute(run: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if sql.startswith(statement):
            raise OperationalError("the server closed the connection")
        return run(sql, *rest)

    return execute


def dropped_once() -> Callable[..., Any]:
    """The connection, at its next statement."""
    errors = [OperationalError("the server closed the connection")]

    def execute(run: Callable[..., Any], *statement: Any) -> Any:
        if errors:
            raise errors.pop()
        return run(*statement)

    return execute


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_was_dropped_costs_nobody_his_text(client: Client) -> None:
    with connection.execute_wrapper(dropped_once()):
        response = post(client, FIELDS)

    assert response.json()["text"] == "Busy with it; the result follows here."
    assert CommandInvocation.objects.count() == 1


def test_what_cannot_be_stored_comes_back(client: Client) -> None:
    with connection.execute_wrapper(away_for('INSERT INTO "hub_commandinvocation"')):
        response = post(client, FIELDS)

    assert "type it again in a minute" in response.json()["text"]
    assert "/reply #23 Code review done" in response.json()["text"]


def test_what_is_stored_is_not_to_be_typed_again(client: Client) -> None:
    with connection.execute_wrapper(away_for('SELECT "hub_commandinvocation"."answer"')):
        response = post(client, FIELDS)

    assert "do not type it again" in response.json()["text"]
    assert CommandInvocation.objects.count() == 1
