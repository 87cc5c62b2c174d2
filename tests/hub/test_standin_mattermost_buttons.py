"""Buttons of the Mattermost stand-in: who may press, what is sent, what a reply changes."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.hub.callee import Callee
from tests.hub.mattermost_api import Api
from tests.standins.mattermost import MattermostStandin
from tests.standins.serving import Answer, Cut, Response

UNKNOWN = "api.post.do_action.action_id.app_error"
FAILED = "api.post.do_action.action_integration.app_error"


@pytest.fixture
def integration() -> Iterator[Callee]:
    with Callee(Response(200, b"")) as callee:
        yield callee


@pytest.fixture
def bot(standin: MattermostStandin) -> Iterator[Api]:
    with Api(standin) as api:
        yield api


@pytest.fixture
def question(standin: MattermostStandin, bot: Api, integration: Callee) -> dict[str, Any]:
    """A post of the bot with the button `approve` and the select `pick`."""
    return ask(standin, bot, actions(integration.url))


def actions(url: str, action_id: str = "approve") -> list[dict[str, Any]]:
    context = {"nonce": "a<b>", "deployment": {"z": 1, "a": [True, None]}}
    approve = {"id": action_id, "name": "Approve", "type": "button"}
    pick = {"id": "pick", "name": "Pick", "type": "select", "data_source": "users"}
    return [
        {**approve, "integration": {"url": url, "context": context}},
        {**pick, "integration": {"url": url}},
    ]


def ask(
    standin: MattermostStandin, bot: Api, some: list[dict[str, Any]], channel: str = "support"
) -> dict[str, Any]:
    props = {"attachments": [{"text": "Deploy?", "actions": some}], "hub_key": "k1"}
    return bot.say(standin.channel_id(channel), "Deploy?", props=props)


def reply(**fields: Any) -> Response:
    return Response(200, json.dumps(fields).encode())


def stored(standin: MattermostStandin, post_id: str) -> dict[str, Any]:
    return next(post for post in standin.posts() if post["id"] == post_id)


def test_a_press_is_sent_in_mattermosts_own_bytes(
    standin: MattermostStandin, integration: Callee, question: dict[str, Any]
) -> None:
    outcome = standin.press("anja", question["id"], "approve")

    (request,) = integration.requests
    team = json.loads(request.body)["team_id"]
    assert request.body.decode() == (
        f'{{"user_id":"{standin.user_id("anja")}","user_name":"anja",'
        f'"channel_id":"{standin.channel_id("support")}","channel_name":"support",'
        f'"team_id":"{team}","team_domain":"demo","post_id":"{question["id"]}",'
        f'"trigger_id":"{outcome.body["trigger_id"]}","type":"button","data_source":"",'
        '"context":{"deployment":{"a":[true,null],"z":1},"nonce":"a\\u003cb\\u003e"}}'
    )
    assert outcome.status == 200
    assert outcome.body["status"] == "OK"


def test_a_press_carries_nothing_that_proves_the_sender(
    standin: MattermostStandin, integration: Callee, question: dict[str, Any]
) -> None:
    standin.press("anja", question["id"], "approve")

    headers = integration.requests[0].headers
    assert headers["content-type"] == headers["accept"] == "application/json"
    assert headers["user-agent"] == "Mattermost-Bot/1.1"
    assert {"authorization", "cookie"} & set(headers) == set()


def test_a_select_says_what_was_chosen(
    standin: MattermostStandin, integration: Callee, question: dict[str, Any]
) -> None:
    standin.press("anja", question["id"], "pick", selected_option="bart")

    sent = json.loads(integration.requests[0].body)
    assert (sent["type"], sent["data_source"]) == ("select", "users")
    assert sent["context"] == {"selected_option": "bart"}


def test_clients_never_see_where_a_button_leads(
    standin: MattermostStandin, question: dict[str, Any]
) -> None:
    with Api(standin, standin.user_token("anja")) as anja:
        seen = anja.get(f"/posts/{question['id']}").json()

    shown = seen["props"]["attachments"][0]["actions"]
    assert [one["id"] for one in shown] == ["approve", "pick"]
    assert "integration" not in shown[0]


def test_a_client_that_sends_props_back_kills_the_buttons(
    standin: MattermostStandin, bot: Api, integration: Callee, question: dict[str, Any]
) -> None:
    seen = bot.get(f"/posts/{question['id']}").json()
    bot.put(f"/posts/{question['id']}/patch", {"props": seen["props"]})

    outcome = standin.press("anja", question["id"], "approve")

    assert (outcome.status, outcome.error_id) == (404, UNKNOWN)
    assert integration.requests == []


def test_an_update_without_props_keeps_the_buttons(
    standin: MattermostStandin, integration: Callee, question: dict[str, Any]
) -> None:
    integration.reply_with(reply(update={"message": "Approved by anja"}), reply())

    standin.press("anja", question["id"], "approve")
    again = standin.press("bart", question["id"], "approve")

    post = stored(standin, question["id"])
    assert post["message"] == "Approved by anja"
    assert post["edit_at"] > 0
    assert again.status == 200


def test_an_update_with_props_replaces_all_but_who_posted(
    standin: MattermostStandin, bot: Api, integration: Callee
) -> None:
    props = {"attachments": [{"actions": actions(integration.url)}], "a": 1, "from_webhook": "true"}
    post = bot.say(standin.channel_id("support"), "Deploy?", props=props)
    bot.post(f"/posts/{post['id']}/pin")
    integration.reply_with(reply(update={"message": "Done", "props": {"b": 2}}))

    standin.press("anja", post["id"], "approve")

    changed = stored(standin, post["id"])
    assert changed["props"] == {"b": 2, "from_webhook": "true"}
    assert changed["is_pinned"] is True


def test_an_ephemeral_text_stands_in_the_thread_for_one_person(
    standin: MattermostStandin, integration: Callee, question: dict[str, Any]
) -> None:
    integration.reply_with(reply(ephemeral_text="<!here> noted"))

    standin.press("anja", question["id"], "approve")

    (seen,) = standin.ephemerals_of("anja")
    assert (seen["message"], seen["root_id"]) == ("@here noted", question["id"])
    assert len(standin.posts("support")) == 1


def test_an_error_of_the_reply_reaches_the_person(
    standin: MattermostStandin, integration: Callee, question: dict[str, Any]
) -> None:
    integration.reply_with(reply(error={"message": "Not you"}))

    outcome = standin.press("anja", question["id"], "approve")

    assert outcome.body["error"] == {"message": "Not you"}


async def never() -> Answer:
    await asyncio.Event().wait()
    return Cut.CLOSE


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Response(429), (429, 400)),
        (Response(503), (503, 400)),
        (Response(500), (502, 400)),
        (Response(403), (400, 400)),
        (Response(204), (400, 400)),
        (Response(200, b"nonsense"), (400, 400)),
        (Response(200, b'{"update": 7}'), (400, 400)),
        (Cut.RESET, (400, 400)),
        (never, (400, 400)),
    ],
)
def test_an_integration_in_trouble_is_told_apart_since_11_10(
    standin: MattermostStandin,
    integration: Callee,
    question: dict[str, Any],
    answer: Any,
    told: tuple[int, int],
) -> None:
    standin.configure(OutgoingIntegrationRequestsTimeout=0.3)
    integration.reply_with(answer)

    now = standin.press("anja", question["id"], "approve")
    standin.configure(Version="11.9.0")
    before = standin.press("anja", question["id"], "approve")

    assert (now.status, before.status) == told
    assert now.error_id == before.error_id == FAILED


def test_ids_with_dashes_are_dead_before_11_10(
    standin: MattermostStandin, bot: Api, integration: Callee
) -> None:
    post = ask(standin, bot, actions(integration.url, "yes-please_1"))

    now = standin.press("anja", post["id"], "yes-please_1")
    standin.configure(Version="11.9.4")
    before = standin.press("anja", post["id"], "yes-please_1")

    assert now.status == 200
    assert (before.status, before.error_id) == (404, "api.context.404.app_error")


def test_an_unknown_button_is_404(standin: MattermostStandin, question: dict[str, Any]) -> None:
    outcome = standin.press("anja", question["id"], "nonsense")

    assert (outcome.status, outcome.error_id) == (404, UNKNOWN)


def test_only_readers_of_the_channel_may_press(
    standin: MattermostStandin, bot: Api, integration: Callee
) -> None:
    post = ask(standin, bot, actions(integration.url), "finance")

    outcome = standin.press("guest", post["id"], "approve")

    assert outcome.status == 403
    assert integration.requests == []


@pytest.fixture
def offer(standin: MattermostStandin, integration: Callee) -> dict[str, Any]:
    """An ephemeral answer to anja with the same buttons."""
    standin.create_command("ask", integration.url)
    attachments = [{"text": "Which?", "actions": actions(integration.url)}]
    integration.reply_with(reply(text="Which?", attachments=attachments), reply())
    standin.execute("anja", "support", "/ask")
    return standin.ephemerals_of("anja")[0]


def test_buttons_of_an_ephemeral_answer_work_for_its_person_alone(
    standin: MattermostStandin, integration: Callee, offer: dict[str, Any]
) -> None:
    mine = standin.press("anja", offer["id"], "approve")
    other = standin.press("bart", offer["id"], "approve")

    assert (mine.status, other.status) == (200, 404)
    sent = json.loads(integration.requests[-1].body)
    assert (sent["post_id"], sent["channel_name"]) == (offer["id"], "support")


def test_an_ephemeral_answer_can_be_changed_by_its_button(
    standin: MattermostStandin, integration: Callee, offer: dict[str, Any]
) -> None:
    integration.reply_with(reply(update={"message": "Taken", "props": {}}, ephemeral_text="ok"))

    standin.press("anja", offer["id"], "approve")

    first, second = standin.ephemerals_of("anja")
    assert (first["message"], first["attachments"]) == ("Taken", [])
    assert (second["message"], second["root_id"]) == ("ok", "")
