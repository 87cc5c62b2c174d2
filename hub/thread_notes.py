"""A plain reply in a ticket's thread becomes an internal note in the ticket, where that is on."""

import logging
from collections.abc import Mapping
from datetime import datetime

from django.utils import timezone

from hub import registry
from hub.contracts import DeliveryError
from hub.destinations import ChatPost, ChatUser
from hub.models import Channel, CommandInvocation, MattermostServer, Thread
from hub.people import find_person
from hub.tickets import fingerprint
from hub.views import server_view
from hub.waking import wake_senders

logger = logging.getLogger(__name__)

State = CommandInvocation.State
MARKS: Mapping[str, str] = {
    State.DONE: "white_check_mark",
    State.FAILED: "warning",
    State.REFUSED: "warning",
}
SWITCHED_OFF = "an administrator has switched this person off"
PRIVATE = "guests may not write to what is private"


def accept_thread_reply(
    server: MattermostServer, post: ChatPost, username: str
) -> CommandInvocation | None:
    """The row that the drains turn into a note; None for what is none, or was taken before.

    Raises DeliveryError when Mattermost cannot say who wrote it.
    """
    if not _is_plain_reply(server, post):
        return None
    thread = find_thread(server, post)
    if thread is None or not _takes_notes(thread) or _is_known(post):
        return None
    user = registry.destination().conversations.fetch_user(server_view(server), post.user_id)
    if user is None or user.is_bot or not user.is_active:
        return None
    fields = _fields_of(server, post, thread, user)
    fields["username"] = (username or user.username)[:64]
    invocation, is_new = CommandInvocation.objects.get_or_create(
        dedup_key=_key(post), defaults=fields
    )
    if not is_new:
        return None
    if invocation.state == State.REFUSED:
        mark_reply(invocation)
    else:
        wake_senders()
    return invocation


def mark_reply(invocation: CommandInvocation) -> None:
    """Show under the post whether the note has arrived. A mark that fails changes nothing."""
    mark = MARKS.get(invocation.state)
    if mark is None or not invocation.post_id:
        return
    view = server_view(invocation.server)
    try:
        registry.destination().conversations.add_reaction(view, invocation.post_id, mark)
    except DeliveryError as error:
        logger.warning("Post %s could not be marked: %s", invocation.post_id, error)


def find_thread(server: MattermostServer, post: ChatPost) -> Thread | None:
    """The ticket's thread that the post stands in, where its channel makes notes of replies."""
    return (
        Thread.objects.filter(
            root_post_id=post.root_id,
            channel__server=server,
            channel__channel_id=post.channel_id,
            channel__thread_replies=Channel.ThreadReplies.NOTES,
        )
        .select_related("channel", "reference__source")
        .first()
    )


def _is_plain_reply(server: MattermostServer, post: ChatPost) -> bool:
    """Of a person, under another post, with words; not Mattermost's own, nor the hub's."""
    return bool(
        post.root_id
        and post.text.strip()
        and not post.kind
        and not post.is_deleted
        and not post.is_by_program
        and post.user_id != server.bot_user_id
    )


def _takes_notes(thread: Thread) -> bool:
    source = thread.reference.source
    integration = registry.get(source.integration)
    return integration is not None and integration.reply is not None and source.is_active


def _is_known(post: ChatPost) -> bool:
    return CommandInvocation.objects.filter(dedup_key=_key(post)).exists()


def _key(post: ChatPost) -> str:
    return f"post:{post.post_id}"


def _fields_of(
    server: MattermostServer, post: ChatPost, thread: Thread, user: ChatUser
) -> dict[str, object]:
    now, reference = timezone.now(), thread.reference
    person = find_person(server, user)
    refusal = "" if person.is_active else SWITCHED_OFF
    if user.is_guest and reference.is_private:
        refusal = PRIVATE
    return {
        "via": CommandInvocation.Via.THREAD,
        "server": server,
        "person": person,
        "user_id": post.user_id,
        "channel_id": post.channel_id,
        "channel_name": str(thread.channel)[:100],
        "root_id": post.root_id,
        "post_id": post.post_id,
        "text": post.text,
        "source": reference.source,
        "reference": reference.display,
        "external_id": reference.external_id,
        "found_by": "thread",
        "note_fingerprint": fingerprint(post.text),
        "received_at": post.created_at,
        **_ending(refusal, now),
    }


def _ending(refusal: str, now: datetime) -> dict[str, object]:
    """Due at once, or over before it began."""
    if refusal:
        return {"state": State.REFUSED, "outcome": refusal, "finished_at": now}
    return {"state": State.RECEIVED, "due_at": now}
