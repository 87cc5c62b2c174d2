"""Posts as the bot: made once, edited, reacted to."""

from dataclasses import dataclass, replace

from hub.contracts import DeliveryError, HttpResponse, JSONObject
from hub.destinations import Posted, Posting, ServerView
from integrations.mattermost.connection import answered_object, call, find, text_of
from integrations.mattermost.refusals import explain_edit, explain_post, explain_reaction
from integrations.mattermost.searching import HUB_KEY, find_posted
from integrations.mattermost.webhooks import post_by_webhook

MAX_POST_RUNES = 16_383  # posts.message of Mattermost on PostgreSQL, in code points
BAD_REQUEST = 400
REFUSED_PRIORITY = frozenset({403, 501})  # switched off, or without a licence
MAY_BE_GONE = frozenset({400, 403, 404})  # how versions answer for a post that was deleted
DELETED = "the post was deleted in Mattermost: nothing to change"


@dataclass(frozen=True, slots=True)
class SecondTry:
    """The same message in a way that Mattermost may take."""

    posting: Posting
    note: str


def post(server: ServerView, posting: Posting) -> Posted:
    """Post once: what an attempt of unknown fate left behind is found, not repeated.

    Raises DeliveryError.
    """
    if len(posting.message.text) > MAX_POST_RUNES:
        raise DeliveryError(
            f"The message is longer than the {MAX_POST_RUNES} characters of a post", permanent=True
        )
    if posting.channel.webhook_url:
        return post_by_webhook(server, posting)
    try:
        return find_posted(server, posting) or _post(server, posting)
    except DeliveryError as error:
        raise explain_post(server, posting, error) from error


def edit(server: ServerView, posting: Posting) -> Posted:
    """Replace text and card of a post. Raises DeliveryError."""
    path = f"/posts/{posting.post_id}/patch"
    content: JSONObject = {"message": posting.message.text, "props": _props(posting)}
    try:
        answer = call(server, "PUT", path, json=content)
    except DeliveryError as error:
        if _is_deleted(server, posting, error):
            return Posted(status_code=error.status_code or 0, note=DELETED)
        raise explain_edit(error) from error
    return _posted(answer)


def react(server: ServerView, posting: Posting) -> Posted:
    """Put the bot's reaction on a post; a second time changes nothing. Raises DeliveryError."""
    reaction: JSONObject = {
        "user_id": server.bot_user_id,
        "post_id": posting.post_id,
        "emoji_name": posting.reaction.strip(":"),
    }
    try:
        answer = call(server, "POST", "/reactions", json=reaction)
    except DeliveryError as error:
        if _is_deleted(server, posting, error):
            return Posted(status_code=error.status_code or 0, note=DELETED)
        raise explain_reaction(posting, error) from error
    return Posted(post_id=posting.post_id, status_code=answer.status_code)


def _post(server: ServerView, posting: Posting) -> Posted:
    try:
        return _create(server, posting)
    except DeliveryError as error:
        second = _second_try(server, posting, error)
        if second is None:
            raise
    posted = _post(server, second.posting)
    return replace(posted, note="; ".join(filter(None, (second.note, posted.note))))


def _create(server: ServerView, posting: Posting) -> Posted:
    content: JSONObject = {
        "channel_id": posting.channel.channel_id,
        "message": posting.message.text,
        "props": _props(posting),
        "root_id": posting.root_post_id,
        "pending_post_id": posting.key,
    }
    if posting.message.priority and not posting.root_post_id:
        content["metadata"] = {"priority": {"priority": posting.message.priority}}
    return _posted(call(server, "POST", "/posts?set_online=false", json=content))


def _second_try(server: ServerView, posting: Posting, error: DeliveryError) -> SecondTry | None:
    if posting.root_post_id and error.status_code == BAD_REQUEST:
        root_id = _find_root(server, posting)
        if root_id != posting.root_post_id:
            return SecondTry(replace(posting, root_post_id=root_id), "root replaced")
    wants_priority = posting.message.priority and not posting.root_post_id
    if wants_priority and error.status_code in REFUSED_PRIORITY:
        message = replace(posting.message, priority="")
        note = "without its priority, which this Mattermost does not offer"
        return SecondTry(replace(posting, message=message), note)
    return None


def _find_root(server: ServerView, posting: Posting) -> str:
    """Where a reply to that post belongs now; empty when it must become a root itself."""
    root = find(server, f"/posts/{posting.root_post_id}")
    if root is None or root.get("delete_at"):
        return ""
    if root.get("channel_id") != posting.channel.channel_id:
        return ""
    return text_of(root, "root_id") or posting.root_post_id


def _is_deleted(server: ServerView, posting: Posting, error: DeliveryError) -> bool:
    if error.status_code not in MAY_BE_GONE:
        return False
    there = find(server, f"/posts/{posting.post_id}")
    return there is None or bool(there.get("delete_at"))


def _props(posting: Posting) -> JSONObject:
    """All of them: an edit replaces what was there."""
    message = posting.message
    props: JSONObject = {**message.props, HUB_KEY: posting.key}
    if message.attachments:
        props["attachments"] = list(message.attachments)
    if message.card:
        props["card"] = message.card
    return props


def _posted(answer: HttpResponse) -> Posted:
    post = answered_object(answer)
    post_id = text_of(post, "id")
    if not post_id:
        raise DeliveryError(
            "Mattermost answered without the id of the post: is a proxy answering in its place?",
            status_code=answer.status_code,
            is_fate_unknown=True,
        )
    return Posted(post_id, text_of(post, "root_id") or post_id, answer.status_code)
