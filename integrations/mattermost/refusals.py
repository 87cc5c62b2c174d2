"""Why Mattermost refused, in words that say what to do about it."""

from datetime import timedelta

from hub.contracts import DeliveryError
from hub.destinations import ChannelView, Posting, ServerView
from integrations.mattermost.channels import archived, is_bot_member, not_a_member
from integrations.mattermost.connection import (
    error_field,
    fetch_bot,
    find,
    reworded,
    text_of,
)

BEING_STORED = "api.post.deduplicate_create_post.pending"
BEING_STORED_WAIT = timedelta(seconds=2)
BAD_REQUEST, FORBIDDEN, TOO_LARGE, BROKEN = 400, 403, 413, 500


def explain_post(server: ServerView, posting: Posting, error: DeliveryError) -> DeliveryError:
    """The same error in an admin's words. Asks Mattermost for the reason where it gives none."""
    if error.status_code == BROKEN and error_field(error, "id") == BEING_STORED:
        return _being_stored(error)
    if error.status_code == TOO_LARGE:
        setting = "MaximumPayloadSizeBytes"
        return reworded(error, f"The message is larger than Mattermost accepts ({setting})")
    if error.status_code not in (BAD_REQUEST, FORBIDDEN):
        return error
    try:
        sentence = _reason(server, posting.channel, error)
    except DeliveryError:
        return error  # what went wrong first is what counts
    return reworded(error, sentence)


def explain_edit(error: DeliveryError) -> DeliveryError:
    if error.status_code == FORBIDDEN:
        return reworded(error, f"The bot may not change this post{_its_words(error)}")
    if error.status_code == BAD_REQUEST:
        return reworded(error, f"Mattermost does not accept the change{_its_words(error)}")
    return error


def explain_reaction(posting: Posting, error: DeliveryError) -> DeliveryError:
    shown = f":{posting.reaction.strip(':')}:"
    if error.status_code == BAD_REQUEST:
        return reworded(error, f"Mattermost has no reaction {shown}{_its_words(error)}")
    if error.status_code == FORBIDDEN:
        return reworded(error, f"The bot may not react with {shown} here{_its_words(error)}")
    return error


def shown_channel(channel: ChannelView) -> str:
    return channel.name if channel.name.startswith("@") else f"~{channel.name}"


def _being_stored(error: DeliveryError) -> DeliveryError:
    return DeliveryError(
        "Mattermost is still storing this very message",
        retry_after=BEING_STORED_WAIT,
        status_code=error.status_code,
        response_excerpt=error.response_excerpt,
        is_fate_unknown=True,
    )


def _reason(server: ServerView, channel: ChannelView, error: DeliveryError) -> str:
    """Raises DeliveryError when Mattermost does not tell."""
    shown = shown_channel(channel)
    found = find(server, f"/channels/{channel.channel_id}")
    if found is not None and found.get("delete_at"):
        return archived(shown)
    if error.status_code == BAD_REQUEST:
        return f"Mattermost does not accept the message for {shown}{_its_words(error)}"
    bot = fetch_bot(server)
    if found is None or not is_bot_member(server, channel.channel_id, text_of(bot, "id")):
        return not_a_member(bot, shown)
    return f"The bot @{text_of(bot, 'username')} has no permission to post in {shown}"


def _its_words(error: DeliveryError) -> str:
    words = error_field(error, "message").rstrip(". ")
    return f": {words}" if words else ""
