"""People, teams and channels of the Mattermost stand-in."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.hub.mattermost_api import Api, refusal
from tests.standins.mattermost import MattermostStandin

PERMISSIONS = "api.context.permissions.app_error"
UNKNOWN_ID = "x" * 26


@pytest.fixture
def standin() -> Iterator[MattermostStandin]:
    with MattermostStandin() as standin:
        yield standin


@pytest.fixture
def bot(standin: MattermostStandin) -> Iterator[Api]:
    with Api(standin) as api:
        yield api


@pytest.fixture
def admin(standin: MattermostStandin) -> Iterator[Api]:
    with Api(standin, standin.user_token("admin")) as api:
        yield api


@pytest.fixture
def support(standin: MattermostStandin) -> str:
    return standin.channel_id("support")


def test_searching_users_is_a_post(bot: Api) -> None:
    found = bot.post("/users/search", {"term": "anj"})

    assert [user["username"] for user in found.json()] == ["anja"]
    assert refusal(bot.get("/users/search")) == (400, "api.context.invalid_url_param.app_error")


@pytest.mark.parametrize(
    "path", ["/users/username/bart", "/users/email/bart@example.test", "/users/{id}"]
)
def test_a_user_is_found_in_three_ways(bot: Api, standin: MattermostStandin, path: str) -> None:
    response = bot.get(path.format(id=standin.user_id("bart")))

    assert response.json()["username"] == "bart"


@pytest.mark.parametrize(
    ("path", "body"),
    [("/users/usernames", ["bart", "nobody"]), ("/users/ids", ["{bart}", UNKNOWN_ID])],
)
def test_users_are_fetched_in_bulk(
    bot: Api, standin: MattermostStandin, path: str, body: list[str]
) -> None:
    wanted = [one.replace("{bart}", standin.user_id("bart")) for one in body]

    response = bot.post(path, wanted)

    assert [user["username"] for user in response.json()] == ["bart"]


def test_a_channel_is_found_by_the_ids_and_names_of_its_team(bot: Api, support: str) -> None:
    team = bot.get("/teams/name/demo").json()

    by_id = bot.get(f"/teams/{team['id']}/channels/name/support")
    by_name = bot.get("/teams/name/demo/channels/name/support")

    assert by_id.json()["id"] == by_name.json()["id"] == support


@pytest.mark.parametrize("name", ["nonsense", "private-team"])
def test_unknown_and_foreign_private_channels_look_the_same(bot: Api, name: str) -> None:
    response = bot.get(f"/teams/name/demo/channels/name/{name}")

    assert refusal(response) == (404, "app.channel.get_by_name.missing.app_error")


def test_an_archived_channel_is_found_on_request(bot: Api, standin: MattermostStandin) -> None:
    standin.archive("support")

    assert bot.get("/teams/name/demo/channels/name/support").status_code == 404
    found = bot.get("/teams/name/demo/channels/name/support", include_deleted="true")
    assert found.json()["delete_at"] > 0


def new_channel(bot: Api, name: str) -> dict[str, Any]:
    team_id = bot.get("/teams/name/demo").json()["id"]
    return {"team_id": team_id, "name": name, "display_name": "Project alpha", "type": "P"}


def test_who_creates_a_channel_is_in_it(bot: Api, standin: MattermostStandin) -> None:
    channel = bot.post("/channels", new_channel(bot, "project-alpha"))

    assert channel.status_code == 201
    member = bot.get(f"/channels/{channel.json()['id']}/members/me").json()
    assert member["user_id"] == standin.user_id("hub")


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("support", "store.sql_channel.save_channel.exists.app_error"),
        ("Support!", "model.channel.is_valid.1_or_more.app_error"),
        ("a" * 65, "model.channel.is_valid.display_name.app_error"),
    ],
)
def test_a_channel_needs_a_free_and_valid_name(bot: Api, name: str, error: str) -> None:
    assert refusal(bot.post("/channels", new_channel(bot, name))) == (400, error)


def test_a_direct_channel_is_made_once(bot: Api, standin: MattermostStandin) -> None:
    people = [standin.user_id("hub"), standin.user_id("anja")]

    first, again = bot.post("/channels/direct", people), bot.post("/channels/direct", people)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["id"] == again.json()["id"]
    assert first.json()["name"] == "__".join(sorted(people))


def test_a_group_channel_has_three_to_eight_people(bot: Api, standin: MattermostStandin) -> None:
    anja, bart = standin.user_id("anja"), standin.user_id("bart")

    assert bot.post("/channels/group", [anja, bart]).json()["type"] == "G"
    too_small = bot.post("/channels/group", [anja])
    assert refusal(too_small) == (400, "api.channel.create_group.bad_size.app_error")


def test_members_are_added_listed_and_removed(
    admin: Api, bot: Api, standin: MattermostStandin
) -> None:
    channel = f"/channels/{standin.channel_id('private-team')}"
    me = standin.user_id("hub")

    refused = bot.post(f"{channel}/members", {"user_id": me})
    added = admin.post(f"{channel}/members", {"user_id": me})
    removed = bot.delete(f"{channel}/members/{me}")

    assert refusal(refused) == (403, PERMISSIONS)
    assert added.status_code == 201
    assert removed.json() == {"status": "OK"}
    members = admin.get(f"{channel}/members").json()
    assert me not in {member["user_id"] for member in members}


def test_a_bot_may_join_a_public_channel_by_itself(bot: Api, standin: MattermostStandin) -> None:
    standin.kick("support")

    members = f"/channels/{standin.channel_id('support')}/members"
    joined = bot.post(members, {"user_id": standin.user_id("hub")})

    assert joined.status_code == 201
    bot.say(standin.channel_id("support"), "hello")
