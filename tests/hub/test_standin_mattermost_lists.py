"""Lists of posts and reactions in the Mattermost stand-in, and its accounts and hooks."""

from collections.abc import Iterator
from typing import TypeAlias

import pytest

from tests.hub.mattermost_api import Api, refusal
from tests.standins.mattermost import MattermostStandin

Window: TypeAlias = tuple[int | None, list[int], int | None]  # newer neighbour, posts, older one

PERMISSIONS = "api.context.permissions.app_error"


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


@pytest.fixture
def ids(bot: Api, support: str) -> list[str]:
    """Five posts, oldest first."""
    return [bot.say(support, f"news {number}")["id"] for number in range(5)]


def test_a_channels_posts_come_newest_first(bot: Api, ids: list[str], support: str) -> None:
    found = bot.get(f"/channels/{support}/posts").json()

    assert found["order"] == ids[::-1]
    assert set(found["posts"]) == set(ids)


@pytest.mark.parametrize(
    ("query", "window"),
    [
        ({"per_page": "2"}, (None, [4, 3], 2)),
        ({"per_page": "2", "page": "1"}, (3, [2, 1], 0)),
        ({"per_page": "2", "page": "2"}, (1, [0], None)),
        ({"before": 3, "per_page": "2"}, (3, [2, 1], 0)),
        ({"after": 1, "per_page": "2"}, (4, [3, 2], 1)),
        ({"after": 1}, (None, [4, 3, 2], 1)),
    ],
)
def test_pages_know_their_neighbours(
    bot: Api, ids: list[str], support: str, query: dict[str, str | int], window: Window
) -> None:
    named = {name: ids[v] if isinstance(v, int) else v for name, v in query.items()}
    newer, wanted, older = window

    found = bot.get(f"/channels/{support}/posts", **named).json()

    assert found["order"] == [ids[number] for number in wanted]
    assert found["next_post_id"] == ("" if newer is None else ids[newer])
    assert found["prev_post_id"] == ("" if older is None else ids[older])


def test_the_root_of_a_listed_reply_comes_along(bot: Api, ids: list[str], support: str) -> None:
    reply = bot.say(support, "reply", root_id=ids[0])

    found = bot.get(f"/channels/{support}/posts", per_page="1").json()

    assert found["order"] == [reply["id"]]
    assert set(found["posts"]) == {reply["id"], ids[0]}


def test_since_tells_of_edits_and_deletions(bot: Api, ids: list[str], support: str) -> None:
    last = bot.get(f"/posts/{ids[-1]}").json()["update_at"]
    bot.put(f"/posts/{ids[0]}/patch", {"message": "edited"})
    bot.delete(f"/posts/{ids[1]}")

    found = bot.get(f"/channels/{support}/posts", since=str(last - 1)).json()

    assert found["posts"][ids[0]]["message"] == "edited"
    assert found["posts"][ids[1]]["delete_at"] > 0


def test_an_unchanged_channel_is_304(bot: Api, standin: MattermostStandin, support: str) -> None:
    bot.say(support, "hello")
    etag = bot.get(f"/channels/{support}/posts").headers["Etag"]
    bot.session.headers["If-None-Match"] = etag

    response = bot.get(f"/channels/{support}/posts")

    assert (response.status_code, response.content) == (304, b"")


def test_a_thread_is_found_from_any_of_its_posts(bot: Api, ids: list[str], support: str) -> None:
    reply = bot.say(support, "reply", root_id=ids[0])

    from_root = bot.get(f"/posts/{ids[0]}/thread").json()
    from_reply = bot.get(f"/posts/{reply['id']}/thread").json()

    assert from_root == from_reply
    assert from_root["order"] == [reply["id"], ids[0]]


def test_reactions_are_added_once_and_removed(
    bot: Api, ids: list[str], standin: MattermostStandin
) -> None:
    me = standin.user_id("hub")
    wish = {"user_id": me, "post_id": ids[0], "emoji_name": "white_check_mark"}

    first, again = bot.post("/reactions", wish), bot.post("/reactions", wish)

    assert (first.status_code, again.status_code) == (200, 200)
    assert len(bot.get(f"/posts/{ids[0]}/reactions").json()) == 1
    assert bot.get(f"/posts/{ids[0]}").json()["has_reactions"] is True
    removed = bot.delete(f"/users/{me}/posts/{ids[0]}/reactions/white_check_mark")
    assert removed.json() == {"status": "OK"}
    assert bot.get(f"/posts/{ids[0]}/reactions").json() is None


@pytest.mark.parametrize(
    ("username", "emoji_name", "error"),
    [
        ("anja", "eyes", (403, "api.reaction.save_reaction.user_id.app_error")),
        ("hub", ":eyes:", (400, "api.reaction.save_reaction.invalid.app_error")),
    ],
)
def test_reactions_are_ones_own_and_without_colons(
    bot: Api, standin: MattermostStandin, username: str, emoji_name: str, error: tuple[int, str]
) -> None:
    post = bot.say(standin.channel_id("support"), "hello")
    wish = {"user_id": standin.user_id(username), "post_id": post["id"], "emoji_name": emoji_name}

    assert refusal(bot.post("/reactions", wish)) == error


def test_a_hook_of_the_bot_is_locked_to_its_channel(bot: Api, support: str) -> None:
    hook = bot.post("/hooks/incoming", {"channel_id": support, "display_name": "Hub"})

    assert hook.status_code == 201
    assert hook.json()["channel_locked"] is True
    assert [one["id"] for one in bot.get("/hooks/incoming").json()] == [hook.json()["id"]]


def test_a_hook_is_deleted_and_gone(bot: Api, support: str) -> None:
    hook = bot.post("/hooks/incoming", {"channel_id": support}).json()

    assert bot.delete(f"/hooks/incoming/{hook['id']}").json() == {"status": "OK"}

    gone = bot.get(f"/hooks/incoming/{hook['id']}")
    assert refusal(gone) == (404, "app.webhooks.get_incoming.app_error")


def test_hooks_need_a_permission(bot: Api, standin: MattermostStandin, support: str) -> None:
    standin.withdraw("hub", "manage_own_incoming_webhooks")

    assert refusal(bot.post("/hooks/incoming", {"channel_id": support})) == (403, PERMISSIONS)


def test_a_rotated_token_is_dead_at_once(bot: Api, standin: MattermostStandin) -> None:
    made = bot.post("/users/me/tokens", {"description": "second"}).json()
    with Api(standin, made["token"]) as second:
        rotated = second.post("/users/tokens/rotate", {"token_id": made["id"]}).json()

        assert second.get("/users/me").status_code == 401
    with Api(standin, rotated["token"]) as third:
        assert third.get("/users/me").json()["username"] == "hub"


def test_a_revoked_token_is_dead(bot: Api, standin: MattermostStandin) -> None:
    made = bot.post("/users/me/tokens", {"description": "second"}).json()

    assert bot.post("/users/tokens/revoke", {"token_id": made["id"]}).json() == {"status": "OK"}

    with Api(standin, made["token"]) as second:
        assert second.get("/users/me").status_code == 401
    assert "token" not in bot.get("/users/me/tokens").json()[0]


def test_people_need_tokens_to_be_switched_on(admin: Api, standin: MattermostStandin) -> None:
    path, wish = f"/users/{standin.user_id('anja')}/tokens", {"description": "laptop"}

    switched_off = admin.post(path, wish)
    standin.configure(EnableUserAccessTokens=True)

    assert refusal(switched_off) == (501, "app.user_access_token.disabled")
    assert admin.post(path, wish).status_code == 200


def test_bots_are_made_where_that_is_allowed(admin: Api, standin: MattermostStandin) -> None:
    refused = admin.post("/bots", {"username": "second-hub"})
    standin.configure(EnableBotAccountCreation=True)

    made = admin.post("/bots", {"username": "second-hub", "display_name": "Second"})

    assert refusal(refused) == (403, "api.bot.create_disabled")
    assert made.status_code == 201
    assert made.json()["owner_id"] == standin.user_id("admin")
