"""Posting to Mattermost as a bot: in the right thread, edited, reacted to."""

from dataclasses import replace

import pytest

from hub.contracts import DeliveryError, Message
from hub.destinations import ServerView
from integrations.mattermost import DESTINATION
from tests.integrations.mattermost_stage import (
    CARD,
    posting_to,
    root_of,
)
from tests.standins.mattermost import MattermostStandin


def test_a_message_is_posted_with_its_card_and_hub_key(
    mm: MattermostStandin, server: ServerView
) -> None:
    message = Message("Urgent: Server down", attachments=(CARD,), card="**Details**")

    posted = DESTINATION.post(server, posting_to(mm, message=message))

    [post] = mm.posts(channel="support")
    assert post["message"] == "Urgent: Server down"
    assert post["props"] == {
        "attachments": [CARD],
        "card": "**Details**",
        "hub_key": "key-1",
        "from_bot": "true",
    }
    assert (posted.post_id, posted.root_post_id) == (post["id"], post["id"])
    assert posted.status_code == 201


def test_a_reply_stands_under_its_root(mm: MattermostStandin, server: ServerView) -> None:
    root_id = root_of(mm, server)

    posted = DESTINATION.post(server, posting_to(mm, root_post_id=root_id))

    assert mm.posts()[-1]["root_id"] == root_id
    assert posted.root_post_id == root_id
    assert posted.note == ""


def test_the_same_attempt_twice_is_one_post(mm: MattermostStandin, server: ServerView) -> None:
    first = DESTINATION.post(server, posting_to(mm))

    again = DESTINATION.post(server, posting_to(mm))

    assert again.post_id == first.post_id
    assert len(mm.posts()) == 1


def test_a_reply_to_a_deleted_root_becomes_a_root(
    mm: MattermostStandin, server: ServerView
) -> None:
    root_id = root_of(mm, server)
    mm.delete_post(root_id)

    posted = DESTINATION.post(server, posting_to(mm, root_post_id=root_id))

    assert posted.note == "root replaced"
    assert posted.root_post_id == posted.post_id == mm.posts()[-1]["id"]


def test_a_reply_to_a_reply_goes_under_its_root(mm: MattermostStandin, server: ServerView) -> None:
    root_id = root_of(mm, server)
    reply_id = DESTINATION.post(server, posting_to(mm, root_post_id=root_id)).post_id

    posted = DESTINATION.post(server, posting_to(mm, root_post_id=reply_id, key="key-2"))

    assert posted.note == "root replaced"
    assert posted.root_post_id == root_id


def test_a_root_in_another_channel_is_replaced(mm: MattermostStandin, server: ServerView) -> None:
    root_id = root_of(mm, server, "alerts")

    posted = DESTINATION.post(server, posting_to(mm, root_post_id=root_id))

    assert posted.note == "root replaced"
    assert posted.root_post_id == posted.post_id


def test_priority_is_kept_for_roots(mm: MattermostStandin, server: ServerView) -> None:
    message = Message("Urgent", priority="urgent")

    root = DESTINATION.post(server, posting_to(mm, message=message))
    DESTINATION.post(
        server, posting_to(mm, message=message, root_post_id=root.post_id, key="key-2")
    )

    first, reply = mm.posts()
    assert first["metadata"] == {"priority": {"priority": "urgent"}}
    assert "priority" not in str(reply["metadata"])


def test_priority_is_dropped_where_it_is_switched_off(
    mm: MattermostStandin, server: ServerView
) -> None:
    mm.configure(PostPriority=False)

    posted = DESTINATION.post(server, posting_to(mm, message=Message("Urgent", priority="urgent")))

    assert posted.note == "without its priority, which this Mattermost does not offer"
    assert len(mm.posts()) == 1


def test_an_edit_replaces_text_and_card(mm: MattermostStandin, server: ServerView) -> None:
    post_id = root_of(mm, server)
    message = Message("Resolved: Server down", attachments=({**CARD, "color": "#38ad69"},))

    posted = DESTINATION.edit(server, posting_to(mm, message=message, post_id=post_id))

    [post] = mm.posts()
    assert post["message"] == "Resolved: Server down"
    assert post["props"]["attachments"][0]["color"] == "#38ad69"
    assert post["props"]["hub_key"] == "key-1"
    assert (posted.post_id, posted.root_post_id) == (post_id, post_id)


def test_an_edit_of_a_deleted_post_is_done_with(mm: MattermostStandin, server: ServerView) -> None:
    post_id = root_of(mm, server)
    mm.delete_post(post_id)

    posted = DESTINATION.edit(server, posting_to(mm, post_id=post_id))

    assert posted.note == "the post was deleted in Mattermost: nothing to change"
    assert posted.root_post_id == ""


def test_a_post_of_somebody_else_cannot_be_edited(
    mm: MattermostStandin, server: ServerView
) -> None:
    anja = replace(server, token=mm.user_token("anja"))
    post_id = root_of(mm, anja)

    with pytest.raises(DeliveryError, match="The bot may not change this post: ") as caught:
        DESTINATION.edit(server, posting_to(mm, post_id=post_id))

    assert caught.value.permanent


def test_a_reaction_twice_is_there_once(mm: MattermostStandin, server: ServerView) -> None:
    posting = posting_to(mm, post_id=root_of(mm, server), reaction=":white_check_mark:")

    DESTINATION.react(server, posting)
    posted = DESTINATION.react(server, posting)

    [reaction] = mm.posts()[0]["metadata"]["reactions"]
    assert reaction["emoji_name"] == "white_check_mark"
    assert posted.post_id == posting.post_id


def test_a_reaction_to_a_deleted_post_is_done_with(
    mm: MattermostStandin, server: ServerView
) -> None:
    post_id = root_of(mm, server)
    mm.delete_post(post_id)

    posted = DESTINATION.react(server, posting_to(mm, post_id=post_id, reaction="eyes"))

    assert posted.note == "the post was deleted in Mattermost: nothing to change"


def test_an_impossible_reaction_is_named(mm: MattermostStandin, server: ServerView) -> None:
    posting = posting_to(mm, post_id=root_of(mm, server), reaction=":no emoji:")

    with pytest.raises(DeliveryError, match="Mattermost has no reaction :no emoji:") as caught:
        DESTINATION.react(server, posting)

    assert caught.value.permanent
