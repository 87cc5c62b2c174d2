"""What Mattermost refuses, in words that say what to do."""

from dataclasses import replace
from datetime import timedelta

import pytest
import responses

from hub.contracts import Message
from hub.destinations import ChannelView, ServerView
from integrations.mattermost import DESTINATION
from tests.integrations.mattermost_stage import (
    API,
    far_posting,
    far_server,
    posting_to,
    refused,
)
from tests.standins.mattermost import MattermostStandin


def test_a_bot_that_is_no_member_is_told_how_to_become_one(
    mm: MattermostStandin, server: ServerView
) -> None:
    mm.kick(channel="support", username="hub")

    error = refused(server, posting_to(mm))

    assert str(error) == (
        "The bot @hub is not a member of ~support: invite it there, or press “Repair membership”"
    )
    assert (error.permanent, error.status_code) == (True, 403)
    assert "api.context.permissions.app_error" in error.response_excerpt


def test_urgent_news_for_a_channel_without_the_bot_says_so_too(
    mm: MattermostStandin, server: ServerView
) -> None:
    mm.kick(channel="support", username="hub")

    error = refused(server, posting_to(mm, message=Message("Urgent", priority="urgent")))

    assert "is not a member of ~support" in str(error)


def test_an_unknown_channel_reads_as_one_without_the_bot(
    mm: MattermostStandin, server: ServerView
) -> None:
    channel = ChannelView("gone", "public", "x" * 26)

    error = refused(server, posting_to(mm, channel=channel))

    assert "is not a member of ~gone" in str(error)


def test_an_archived_channel_is_named(mm: MattermostStandin, server: ServerView) -> None:
    mm.archive("support")

    error = refused(server, posting_to(mm))

    assert str(error) == (
        "~support is archived: unarchive it in Mattermost, or choose another channel"
    )
    assert error.permanent


@responses.activate
def test_a_member_without_permission_is_told_apart() -> None:
    responses.post(f"{API}/posts", status=403, json={"id": "api.context.permissions.app_error"})
    responses.get(f"{API}/channels/c1", json={"id": "c1", "delete_at": 0})
    responses.get(f"{API}/users/me", json={"id": "me", "username": "hub"})
    responses.get(f"{API}/channels/c1/members/me", json={"user_id": "me"})

    error = refused(far_server(), far_posting())

    assert str(error) == "The bot @hub has no permission to post in ~support"


@responses.activate
def test_a_refusal_without_a_reason_stays_what_it_was() -> None:
    responses.post(f"{API}/posts", status=403, json={"id": "api.context.permissions.app_error"})
    responses.get(f"{API}/channels/c1", status=500)

    error = refused(far_server(), far_posting())

    assert str(error) == "mattermost.example.test answered 403 Forbidden to POST /api/v4/posts"


@responses.activate
def test_an_unexpected_400_is_quoted() -> None:
    words = {"id": "model.post.is_valid.props.app_error", "message": "Invalid props."}
    responses.post(f"{API}/posts", status=400, json=words)
    responses.get(f"{API}/channels/c1", json={"id": "c1", "delete_at": 0})

    error = refused(far_server(), far_posting())

    assert str(error) == "Mattermost does not accept the message for ~support: Invalid props"


def test_a_revoked_token_holds_messages_instead_of_burying_them(
    mm: MattermostStandin, server: ServerView
) -> None:
    error = refused(replace(server, token="revoked"), posting_to(mm))

    assert str(error).startswith("Mattermost refuses the bot token")
    assert (error.permanent, error.status_code) == (False, 401)


def test_a_message_that_no_post_can_hold_is_not_sent(
    mm: MattermostStandin, server: ServerView
) -> None:
    error = refused(server, posting_to(mm, text="é" * 16_384))

    assert error.permanent
    assert "16383 characters" in str(error)
    assert "POST /api/v4/posts" not in mm.counters()


def test_the_longest_post_is_taken(mm: MattermostStandin, server: ServerView) -> None:
    posted = DESTINATION.post(server, posting_to(mm, text="é" * 16_383))

    assert posted.status_code == 201


@pytest.mark.parametrize(
    ("status", "permanent", "words"),
    [
        (413, True, "larger than Mattermost accepts (MaximumPayloadSizeBytes)"),
        (503, False, "answered 503 Service Unavailable to POST /api/v4/posts"),
    ],
)
def test_other_statuses_keep_their_meaning(
    mm: MattermostStandin, server: ServerView, status: int, permanent: bool, words: str
) -> None:
    mm.set_fault("status", status=status)

    error = refused(server, posting_to(mm))

    assert words in str(error)
    assert (error.permanent, error.status_code) == (permanent, status)


def test_the_limiter_of_mattermost_is_obeyed(mm: MattermostStandin, server: ServerView) -> None:
    mm.set_fault("rate_limit", retry_after=7)

    error = refused(server, posting_to(mm))

    assert error.retry_after == timedelta(seconds=7)
    assert not error.is_fate_unknown


@responses.activate
def test_a_success_of_a_proxy_is_not_taken_for_a_post() -> None:
    responses.post(f"{API}/posts", status=200, body="<html>Please log in</html>")

    error = refused(far_server(), far_posting())

    assert "is not JSON" in str(error)
    assert not error.permanent
