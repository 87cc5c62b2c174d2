"""A message whose fate is unknown is looked for before it is posted again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import responses
from responses.matchers import query_param_matcher

from hub.destinations import ServerView
from integrations.mattermost import DESTINATION
from tests.integrations.mattermost_stage import (
    API,
    far_posting,
    far_server,
    posting_to,
    refused,
    root_of,
)
from tests.standins.mattermost import MattermostStandin

MIDDAY = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
MIDDAY_MS = 1_795_521_600_000


def test_what_a_broken_attempt_left_behind_is_found(
    mm: MattermostStandin, server: ServerView
) -> None:
    began_at = datetime.now(UTC)
    mm.set_fault("reset_after_store", path="/posts$")
    error = refused(server, posting_to(mm))

    posted = DESTINATION.post(server, posting_to(mm, look_since=began_at))

    assert error.is_fate_unknown
    assert posted.note == "found already posted"
    assert posted.post_id == posted.root_post_id == mm.posts()[0]["id"]
    assert len(mm.posts()) == 1


def test_a_reply_that_a_broken_attempt_left_behind_is_found(
    mm: MattermostStandin, server: ServerView
) -> None:
    root_id = root_of(mm, server)
    mm.set_fault("html502", path="/posts$", after_store=True)
    refused(server, posting_to(mm, root_post_id=root_id))

    reply = posting_to(mm, root_post_id=root_id, look_since=datetime.now(UTC))
    posted = DESTINATION.post(server, reply)

    assert (posted.note, posted.root_post_id) == ("found already posted", root_id)
    assert len(mm.posts()) == 2


def test_a_post_is_found_behind_more_than_a_page_of_others(
    mm: MattermostStandin, server: ServerView
) -> None:
    DESTINATION.post(server, posting_to(mm))
    others = [posting_to(mm, key=f"other-{number}") for number in range(130)]
    assert all(DESTINATION.post(server, other).post_id for other in others)

    posted = DESTINATION.post(server, posting_to(mm, look_since=datetime.now(UTC)))

    assert posted.note == "found already posted"
    assert mm.counters()["GET /api/v4/channels/{channel_id}/posts"] == 3


def test_a_message_that_is_not_there_is_posted_after_the_look(
    mm: MattermostStandin, server: ServerView
) -> None:
    DESTINATION.post(server, posting_to(mm, key="other"))

    posted = DESTINATION.post(server, posting_to(mm, look_since=datetime.now(UTC)))

    assert posted.note == ""
    assert len(mm.posts()) == 2


def test_a_new_root_that_replaced_a_deleted_one_is_found(
    mm: MattermostStandin, server: ServerView
) -> None:
    root_id = root_of(mm, server)
    mm.delete_post(root_id)
    reply = posting_to(mm, root_post_id=root_id)
    DESTINATION.post(server, reply)

    posted = DESTINATION.post(server, replace(reply, look_since=datetime.now(UTC)))

    assert posted.note == "found already posted"
    assert len(mm.posts()) == 1


@responses.activate
def test_a_thread_is_searched_back_page_by_page() -> None:
    root = {"id": "r1", "channel_id": "c1", "root_id": "", "create_at": 1}
    newer = {"id": "p2", "root_id": "r1", "create_at": MIDDAY_MS}
    wanted = {**newer, "id": "p1", "props": {"hub_key": "key-1"}}
    responses.get(f"{API}/posts/r1", json=root)
    page = {"perPage": "60", "direction": "up"}
    cursor = {"fromPost": "p2", "fromCreateAt": str(MIDDAY_MS)}
    responses.get(
        f"{API}/posts/r1/thread",
        json={"order": ["r1", "p2"], "posts": {"r1": root, "p2": newer}},
        match=[query_param_matcher(page)],
    )
    responses.get(
        f"{API}/posts/r1/thread",
        json={"order": ["r1", "p1"], "posts": {"r1": root, "p1": wanted}},
        match=[query_param_matcher(page | cursor)],
    )

    posted = DESTINATION.post(far_server(), far_posting(root_post_id="r1", look_since=MIDDAY))

    assert (posted.post_id, posted.root_post_id) == ("p1", "r1")


@responses.activate
def test_what_cannot_be_looked_for_is_not_posted_again() -> None:
    responses.get(f"{API}/channels/c1/posts", status=404, json={"id": "app.post.gone"})

    error = refused(far_server(), far_posting(look_since=MIDDAY))

    assert not error.permanent
    assert "vanished while the channel was searched" in str(error)


@responses.activate
def test_a_message_that_is_being_stored_is_asked_for_again_in_two_seconds() -> None:
    pending = {"id": "api.post.deduplicate_create_post.pending", "status_code": 500}
    responses.post(f"{API}/posts", status=500, json=pending)

    error = refused(far_server(), far_posting())

    assert str(error) == "Mattermost is still storing this very message"
    assert error.retry_after == timedelta(seconds=2)
    assert (error.permanent, error.is_fate_unknown) == (False, True)
