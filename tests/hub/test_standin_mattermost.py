"""The Mattermost stand-in answers the API as a Mattermost does."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.hub.mattermost_api import Api, Clock, refusal
from tests.standins.mattermost import MattermostStandin

PERMISSIONS = "api.context.permissions.app_error"
INVALID_BODY = "api.context.invalid_body_param.app_error"
ROOT_ID = "api.post.create_post.root_id.app_error"
UNKNOWN_ID = "x" * 26


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def standin(clock: Clock) -> Iterator[MattermostStandin]:
    with MattermostStandin(clock=clock) as standin:
        yield standin


@pytest.fixture
def bot(standin: MattermostStandin) -> Iterator[Api]:
    with Api(standin) as api:
        yield api


@pytest.fixture
def anja(standin: MattermostStandin) -> Iterator[Api]:
    with Api(standin, standin.user_token("anja")) as api:
        yield api


@pytest.fixture
def support(standin: MattermostStandin) -> str:
    return standin.channel_id("support")


def test_the_token_belongs_to_the_bot(bot: Api, standin: MattermostStandin) -> None:
    response = bot.get("/users/me")

    assert response.status_code == 200
    assert response.json()["id"] == standin.user_id("hub")
    assert response.json()["is_bot"] is True


def test_every_answer_carries_request_id_and_version(bot: Api) -> None:
    headers = bot.get("/users/me").headers

    assert re.fullmatch("[ybndrfg8ejkmcpqxot1uwisza345h769]{26}", headers["X-Request-Id"])
    assert re.fullmatch(r"11\.10\.0\.11\.10\.0\.\w+\.false", headers["X-Version-Id"])


def test_a_bad_token_is_answered_with_the_envelope(standin: MattermostStandin) -> None:
    with Api(standin, "nonsense") as stranger:
        response = stranger.get("/users/me")

    error = response.json()
    assert refusal(response) == (401, "api.context.session_expired.app_error")
    assert set(error) == {"id", "message", "detailed_error", "request_id", "status_code"}
    assert error["request_id"] == response.headers["X-Request-Id"]
    assert (error["status_code"], error["detailed_error"]) == (401, "")


def test_details_are_told_to_developers_only(bot: Api, standin: MattermostStandin) -> None:
    standin.configure(EnableDeveloper=True)

    response = bot.post("/posts", {"channel_id": UNKNOWN_ID, "message": "hello"})

    assert response.json()["detailed_error"] == "permission=create_post"


def test_an_unknown_address_is_404(bot: Api) -> None:
    assert refusal(bot.get("/nonsense")) == (404, "api.context.404.app_error")


def test_ping_needs_no_session(standin: MattermostStandin) -> None:
    url = f"{standin.url}/api/v4/system/ping?get_server_status=true"

    answer = requests.get(url, timeout=10).json()

    assert (answer["status"], answer["database_status"]) == ("OK", "OK")


def test_client_config_is_a_flat_map_of_strings(bot: Api, standin: MattermostStandin) -> None:
    standin.configure(EnablePostUsernameOverride=True)

    config = bot.get("/config/client").json()

    assert config["EnablePostUsernameOverride"] == "true"
    assert config["MaxPostSize"] == "16383"


def test_a_post_is_answered_201_with_what_was_stored(bot: Api, support: str) -> None:
    post = bot.say(support, "hello", pending_post_id="hub:1", props={"hub_key": "k"})

    assert post["message"] == "hello"
    assert post["pending_post_id"] == "hub:1"
    assert post["props"] == {"hub_key": "k", "from_bot": "true"}
    assert bot.get(f"/posts/{post['id']}").json() == {**post, "pending_post_id": ""}


def test_posting_needs_membership(bot: Api, standin: MattermostStandin) -> None:
    foreign = {"channel_id": standin.channel_id("private-team"), "message": "hello"}

    assert refusal(bot.post("/posts", foreign)) == (403, PERMISSIONS)
    unknown = bot.post("/posts", {"channel_id": UNKNOWN_ID, "message": "hello"})
    assert refusal(unknown) == (403, PERMISSIONS)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"message": "x" * 16_384}, "model.post.is_valid.message_length.app_error"),
        ({"message": 7}, INVALID_BODY),
        ({"props": []}, INVALID_BODY),
        ({"type": "system_join"}, "api.context.invalid_param.app_error"),
        ({"root_id": UNKNOWN_ID}, ROOT_ID),
        ({"file_ids": [UNKNOWN_ID] * 12}, "model.post.is_valid.file_ids.app_error"),
    ],
)
def test_a_post_that_does_not_fit_is_refused(
    bot: Api, support: str, fields: dict[str, Any], error: str
) -> None:
    response = bot.post("/posts", {"channel_id": support, "message": "hello", **fields})

    assert refusal(response) == (400, error)


def test_the_longest_message_fits_by_code_points(bot: Api, support: str) -> None:
    post = bot.say(support, "\N{FIRE}" * 16_383)

    assert len(post["message"]) == 16_383


def test_an_archived_channel_takes_no_posts(
    bot: Api, standin: MattermostStandin, support: str
) -> None:
    standin.archive("support")

    response = bot.post("/posts", {"channel_id": support, "message": "hello"})

    assert refusal(response) == (400, "api.post.create_post.can_not_post_to_deleted.error")


def test_a_body_over_300_kb_is_413(bot: Api, support: str) -> None:
    response = bot.post("/posts", {"channel_id": support, "message": "x" * 300_000})

    assert refusal(response) == (413, "api.context.request_body_too_large.app_error")


def test_a_reply_needs_a_root_of_its_channel(
    bot: Api, standin: MattermostStandin, support: str
) -> None:
    root = bot.say(support, "root")
    reply = bot.say(support, "reply", root_id=root["id"])
    to_reply = {"channel_id": support, "message": "x", "root_id": reply["id"]}
    elsewhere = {**to_reply, "channel_id": standin.channel_id("alerts"), "root_id": root["id"]}

    assert bot.get(f"/posts/{root['id']}").json()["reply_count"] == 1
    assert refusal(bot.post("/posts", to_reply)) == (400, ROOT_ID)
    in_channel = "api.post.create_post.channel_root_id.app_error"
    assert refusal(bot.post("/posts", elsewhere)) == (400, in_channel)


def test_a_deleted_root_takes_its_replies_with_it(bot: Api, support: str) -> None:
    root = bot.say(support, "root")
    reply = bot.say(support, "reply", root_id=root["id"])

    assert bot.delete(f"/posts/{root['id']}").json() == {"status": "OK"}

    assert refusal(bot.get(f"/posts/{reply['id']}")) == (404, "app.post.get.app_error")
    late = bot.post("/posts", {"channel_id": support, "message": "x", "root_id": root["id"]})
    assert refusal(late) == (400, ROOT_ID)


def test_the_same_pending_post_id_is_the_same_post_for_thirty_seconds(
    bot: Api, clock: Clock, standin: MattermostStandin, support: str
) -> None:
    first = bot.say(support, "hello", pending_post_id="hub:1")
    clock.now += 29
    repeated = bot.say(support, "hello", pending_post_id="hub:1")
    clock.now += 2

    late = bot.say(support, "hello", pending_post_id="hub:1")

    assert repeated["id"] == first["id"]
    assert late["id"] != first["id"]
    assert len(standin.posts("support")) == 2


def test_a_repeat_while_the_first_is_being_stored_is_500(
    bot: Api, standin: MattermostStandin, support: str
) -> None:
    standin.set_fault("slow", delay_ms=60_000)
    body = {"channel_id": support, "message": "hello", "pending_post_id": "hub:1"}
    with pytest.raises(requests.ReadTimeout):
        bot.post("/posts", body, timeout=0.2)

    response = bot.post("/posts", body)

    assert refusal(response) == (500, "api.post.deduplicate_create_post.pending")
    assert len(standin.posts("support")) == 1


def test_priority_is_for_root_posts(bot: Api, standin: MattermostStandin, support: str) -> None:
    urgent = {"priority": {"priority": "urgent"}}
    root = bot.say(support, "down", metadata=urgent)
    wish = {"channel_id": support, "message": "x", "metadata": urgent}

    reply = bot.post("/posts", {**wish, "root_id": root["id"]})
    standin.configure(PostPriority=False)
    switched_off = bot.post("/posts", wish)

    assert root["metadata"]["priority"] == {"priority": "urgent"}
    assert reply.status_code == 400
    assert switched_off.status_code == 403


def test_acknowledgements_need_a_licence(bot: Api, support: str) -> None:
    priority = {"priority": "urgent", "requested_ack": True}
    wish = {"channel_id": support, "message": "x", "metadata": {"priority": priority}}

    response = bot.post("/posts", wish)

    assert refusal(response) == (501, "license_error.feature_unavailable")


def test_buttons_get_ids_and_their_integrations_stay_secret(
    bot: Api, standin: MattermostStandin, support: str
) -> None:
    action = {"name": "Approve", "integration": {"url": "https://n8n.example.test/x"}}

    post = bot.say(support, "deploy?", props={"attachments": [{"actions": [action]}]})

    (shown,) = post["props"]["attachments"][0]["actions"]
    (stored,) = standin.posts("support")[0]["props"]["attachments"][0]["actions"]
    assert "integration" not in shown
    assert len(shown["id"]) == 26
    assert stored == {**action, "id": shown["id"]}


def test_a_patch_replaces_props_and_keeps_the_rest(bot: Api, support: str) -> None:
    post = bot.say(support, "open", props={"a": 1, "override_username": "Zammad"})

    patched = bot.put(f"/posts/{post['id']}/patch", {"props": {"b": 2}}).json()

    assert patched["message"] == "open"
    assert patched["props"] == {"b": 2, "override_username": "Zammad", "from_bot": "true"}


def test_an_update_blanks_what_is_left_out(bot: Api, support: str) -> None:
    post = bot.say(support, "open", props={"a": 1})

    updated = bot.put(f"/posts/{post['id']}", {"id": post["id"], "message": "closed"}).json()

    assert (updated["message"], updated["props"]) == ("closed", {"from_bot": "true"})
    assert updated["edit_at"] > 0


def test_foreign_posts_are_not_edited(anja: Api, bot: Api, support: str) -> None:
    post = anja.say(support, "mine")

    assert refusal(bot.put(f"/posts/{post['id']}/patch", {"message": "x"})) == (403, PERMISSIONS)
    assert refusal(bot.delete(f"/posts/{post['id']}")) == (403, PERMISSIONS)


def test_ephemeral_posts_need_a_permission(
    bot: Api, standin: MattermostStandin, support: str
) -> None:
    wish = {"user_id": standin.user_id("anja"), "post": {"channel_id": support, "message": "psst"}}

    refused = bot.post("/posts/ephemeral", wish)
    standin.grant("hub", "create_post_ephemeral")
    granted = bot.post("/posts/ephemeral", wish)

    assert refusal(refused) == (403, PERMISSIONS)
    assert granted.status_code == 201
    assert standin.posts("support") == []


def test_pinning_shows_in_the_post(bot: Api, support: str) -> None:
    post = bot.say(support, "hello")

    assert bot.post(f"/posts/{post['id']}/pin").json() == {"status": "OK"}

    assert bot.get(f"/posts/{post['id']}").json()["is_pinned"] is True
