"""Channels and people found by name, membership, and the test of the connection."""

from dataclasses import replace

import pytest
import responses

from hub.contracts import DeliveryError
from hub.destinations import Connection, FoundChannel, ServerView
from integrations.mattermost import DESTINATION
from tests.integrations.mattermost_stage import API, far_server
from tests.standins.mattermost import MattermostStandin


def test_a_channel_is_found_by_its_name(mm: MattermostStandin, server: ServerView) -> None:
    found = DESTINATION.find_channel(server, "public", "support")

    assert found == FoundChannel(
        mm.channel_id("support"), "support", "Support", "public", is_bot_member=True
    )


def test_a_channel_without_the_bot_is_found_with_what_to_do(
    mm: MattermostStandin, server: ServerView
) -> None:
    mm.kick(channel="support", username="hub")

    found = DESTINATION.find_channel(server, "public", "support")

    assert not found.is_bot_member
    assert found.problem == (
        "The bot @hub is not a member of ~support: invite it there, or press “Repair membership”"
    )


def test_an_archived_channel_is_found_and_says_so(
    mm: MattermostStandin, server: ServerView
) -> None:
    mm.archive("support")

    found = DESTINATION.find_channel(server, "public", "support")

    assert found.problem.startswith("~support is archived")


@pytest.mark.parametrize("name", ["nowhere", "private-team", "a/../b"])
def test_a_channel_that_the_bot_cannot_see_is_an_error(server: ServerView, name: str) -> None:
    with pytest.raises(DeliveryError) as caught:
        DESTINATION.find_channel(server, "public", name)

    assert str(caught.value) == (
        f"There is no channel ~{name} in the team “demo”, or it is private and the bot @hub is "
        "not a member"
    )
    assert caught.value.permanent


@responses.activate
@pytest.mark.parametrize(
    ("roles", "kind", "is_allowed"),
    [
        ("system_user", "O", False),
        ("system_user system_post_all_public", "O", True),
        ("system_user system_post_all_public", "P", False),
        ("system_user system_post_all", "P", True),
    ],
)
def test_a_role_may_stand_in_for_membership(roles: str, kind: str, is_allowed: bool) -> None:
    responses.get(f"{API}/users/me", json={"id": "me", "username": "hub", "roles": roles})
    responses.get(
        f"{API}/teams/name/demo/channels/name/support",
        json={"id": "c1", "name": "support", "type": kind, "delete_at": 0},
    )
    responses.get(f"{API}/channels/c1/members/me", status=404, json={})

    found = DESTINATION.find_channel(far_server(), "public", "support")

    assert not found.is_bot_member
    assert (found.problem == "") is is_allowed


def test_a_person_is_found_as_a_direct_message(mm: MattermostStandin, server: ServerView) -> None:
    found = DESTINATION.find_channel(server, "direct", "@anja")
    again = DESTINATION.find_channel(server, "direct", "@anja")

    assert (found.kind, found.display_name) == ("direct", "@anja")
    assert (found.is_bot_member, found.problem) == (True, "")
    assert again.channel_id == found.channel_id


def test_several_people_are_found_as_a_group_message(server: ServerView) -> None:
    found = DESTINATION.find_channel(server, "group", "@anja, @bart")

    assert (found.kind, found.display_name) == ("group", "@anja, @bart")
    assert found.is_bot_member


def test_an_unknown_person_is_named(server: ServerView) -> None:
    with pytest.raises(DeliveryError, match="There is nobody called @nobody in Mattermost"):
        DESTINATION.find_channel(server, "group", "@anja,@nobody")


@responses.activate
def test_a_deactivated_person_is_a_problem_of_the_channel() -> None:
    responses.get(f"{API}/users/me", json={"id": "me", "username": "hub"})
    responses.get(
        f"{API}/users/username/anja", json={"id": "a1", "username": "anja", "delete_at": 7}
    )
    responses.post(f"{API}/channels/direct", status=201, json={"id": "d1", "type": "D"})

    found = DESTINATION.find_channel(far_server(), "direct", "@anja")

    assert found.problem == "@anja is deactivated in Mattermost"


@responses.activate
def test_people_the_bot_may_not_write_to_are_named() -> None:
    responses.get(f"{API}/users/me", json={"id": "me", "username": "hub"})
    responses.get(f"{API}/users/username/anja", json={"id": "a1", "username": "anja"})
    responses.post(f"{API}/channels/direct", status=403, json={})

    with pytest.raises(DeliveryError, match="The bot may not write to @anja") as caught:
        DESTINATION.find_channel(far_server(), "direct", "@anja")

    assert caught.value.permanent


def test_the_bot_joins_a_public_channel_by_itself(
    mm: MattermostStandin, server: ServerView
) -> None:
    mm.kick(channel="support", username="hub")

    DESTINATION.join_channel(server, mm.channel_id("support"))

    assert DESTINATION.find_channel(server, "public", "support").is_bot_member


def test_a_private_channel_needs_an_invitation(mm: MattermostStandin, server: ServerView) -> None:
    with pytest.raises(DeliveryError) as caught:
        DESTINATION.join_channel(server, mm.channel_id("private-team"))

    assert str(caught.value) == (
        "The bot @hub may not join by itself: add it to the team “demo”, then let a member of the "
        "channel type /invite @hub there"
    )


def test_a_connection_says_who_the_bot_is(mm: MattermostStandin, server: ServerView) -> None:
    connection = DESTINATION.check_connection(replace(server, bot_user_id=""))

    assert connection.user_id == mm.user_id("hub")
    assert connection.username == "hub"
    assert connection.server_version.count(".") == 2
    assert connection.team_id


@responses.activate
def test_the_version_is_read_without_the_build() -> None:
    version = {"X-Version-Id": "11.10.0.11.10.0.abcdef.false"}
    responses.get(f"{API}/users/me", json={"id": "me", "username": "hub"}, headers=version)
    responses.get(f"{API}/system/ping", json={"status": "OK"})
    responses.get(f"{API}/teams/name/demo", json={"id": "t1"})

    connection = DESTINATION.check_connection(far_server())

    assert connection == Connection("me", "hub", "11.10.0", "t1")


def test_a_wrong_token_and_a_wrong_team_are_told_apart(server: ServerView) -> None:
    with pytest.raises(DeliveryError, match="Mattermost refuses the bot token"):
        DESTINATION.check_connection(replace(server, token="mistyped"))
    with pytest.raises(DeliveryError, match="There is no team “sales”, or the bot @hub is not"):
        DESTINATION.check_connection(replace(server, team="sales"))


@responses.activate
@pytest.mark.parametrize("status", [200, 404])
def test_an_address_without_a_mattermost_is_named(status: int) -> None:
    responses.get(f"{API}/users/me", status=status, body="<html>Welcome</html>")

    with pytest.raises(DeliveryError) as caught:
        DESTINATION.check_connection(far_server())

    assert str(caught.value) == (
        "No Mattermost answers at https://mattermost.example.test: check the address"
    )


def test_a_server_that_is_switched_off_is_named(mm: MattermostStandin, server: ServerView) -> None:
    mm.stop()

    with pytest.raises(DeliveryError, match="refuses connections on port") as caught:
        DESTINATION.check_connection(server)

    assert not caught.value.permanent


def test_a_server_is_up_when_it_answers_and_takes_the_token(
    mm: MattermostStandin, server: ServerView
) -> None:
    with_token = DESTINATION.is_up(server)
    without_token = DESTINATION.is_up(replace(server, token=""))
    revoked = DESTINATION.is_up(replace(server, token="revoked"))
    mm.stop()
    stopped = DESTINATION.is_up(server)

    assert (with_token, without_token, revoked, stopped) == (True, True, False, False)
