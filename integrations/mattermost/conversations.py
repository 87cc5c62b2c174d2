"""What people said in Mattermost and who they are, as the bot may see it."""

import re
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from hub.contracts import DeliveryError, JSONObject
from hub.destinations import ChatPost, ChatUser, Conversations, ServerView
from integrations.mattermost.connection import call, fetch, find, reworded, text_of

RESPONSE_PATH = re.compile(r"(?:/[\w-]+)*/hooks/commands/\w+")  # also below a path
MAX_POSTS = 200  # Mattermost cuts a page there
GONE = frozenset({400, 404})  # a response_url that is used up or too old
ADMIN_ROLE, GUEST_ROLE, CHANNEL_ADMIN_ROLE = "system_admin", "system_guest", "channel_admin"


def fetch_user(server: ServerView, user_id: str) -> ChatUser | None:
    return chat_user(find(server, f"/users/{quote(user_id, safe='')}"))


def find_user(server: ServerView, name_or_email: str) -> ChatUser | None:
    """By username, with or without @, or by e-mail address where there is an @ inside."""
    name = name_or_email.strip().removeprefix("@").lower()
    way = "email" if "@" in name else "username"
    return chat_user(find(server, f"/users/{way}/{quote(name, safe='')}")) if name else None


def is_member(server: ServerView, channel_id: str, user_id: str) -> bool:
    return _membership(server, channel_id, user_id) is not None


def is_channel_admin(server: ServerView, channel_id: str, user_id: str) -> bool:
    membership = _membership(server, channel_id, user_id) or {}
    roles = text_of(membership, "roles").split()
    return CHANNEL_ADMIN_ROLE in roles or membership.get("scheme_admin") is True


def fetch_post(server: ServerView, post_id: str) -> ChatPost | None:
    post = find(server, f"/posts/{quote(post_id, safe='')}")
    return read_post(post) if post is not None else None


def fetch_recent(server: ServerView, channel_id: str, limit: int) -> tuple[ChatPost, ...]:
    """The last posts of a channel, newest first. Raises DeliveryError."""
    path = f"/channels/{quote(channel_id, safe='')}/posts"
    return _listed(fetch(server, path, per_page=str(min(limit, MAX_POSTS))))


def fetch_since(server: ServerView, channel_id: str, since: datetime) -> tuple[ChatPost, ...]:
    """What was written or changed after `since`, oldest first. Raises DeliveryError."""
    path = f"/channels/{quote(channel_id, safe='')}/posts"
    found = _listed(fetch(server, path, since=str(int(since.timestamp() * 1000))))
    return tuple(sorted(found, key=lambda post: post.created_at))


def patch_post(server: ServerView, post_id: str, changes: JSONObject) -> None:
    """Replaces `message` and `props` of a post of the bot. Raises DeliveryError."""
    call(server, "PUT", f"/posts/{quote(post_id, safe='')}/patch", json=changes)


def add_reaction(server: ServerView, post_id: str, emoji: str) -> None:
    reaction: JSONObject = {"user_id": server.bot_user_id, "post_id": post_id, "emoji_name": emoji}
    call(server, "POST", "/reactions", json=reaction)


def remove_reaction(server: ServerView, post_id: str, emoji: str) -> None:
    """One that is not there is no error. Raises DeliveryError."""
    path = f"/users/{server.bot_user_id}/posts/{post_id}/reactions/{emoji}"
    try:
        call(server, "DELETE", path)
    except DeliveryError as error:
        if error.status_code != 404:
            raise


def respond(server: ServerView, response_url: str, answer: JSONObject) -> None:
    """Answer a command later. The address is a secret: it goes to this server or nowhere.

    Mattermost takes five answers within thirty minutes. Raises DeliveryError.
    """
    path = urlsplit(response_url).path
    if RESPONSE_PATH.fullmatch(path) is None or not _is_of(server, response_url):
        raise DeliveryError("The command's response_url is not of this server", permanent=True)
    try:
        server.http.request("POST", response_url, json=answer)
    except DeliveryError as error:
        if error.status_code not in GONE:
            raise
        sentence = "Mattermost takes no more answers to this command: it is over 30 minutes old"
        raise reworded(error, sentence, permanent=True) from error


def _is_of(server: ServerView, url: str) -> bool:
    given, own = urlsplit(url), urlsplit(server.base_url)
    return (given.scheme, given.netloc.lower()) == (own.scheme, own.netloc.lower())


def _membership(server: ServerView, channel_id: str, user_id: str) -> JSONObject | None:
    path = f"/channels/{quote(channel_id, safe='')}/members/{quote(user_id, safe='')}"
    return find(server, path)


def chat_user(user: JSONObject | None) -> ChatUser | None:
    if user is None:
        return None
    roles = text_of(user, "roles").split()
    names = " ".join(filter(None, (text_of(user, "first_name"), text_of(user, "last_name"))))
    return ChatUser(
        user_id=text_of(user, "id"),
        username=text_of(user, "username"),
        email=text_of(user, "email").lower(),
        name=names or text_of(user, "nickname") or text_of(user, "username"),
        is_bot=user.get("is_bot") is True,
        is_guest=GUEST_ROLE in roles,
        is_system_admin=ADMIN_ROLE in roles,
        is_active=not user.get("delete_at"),
    )


def _listed(posts: JSONObject) -> tuple[ChatPost, ...]:
    """In Mattermost's order; the roots that come along with their replies are left out."""
    order, by_id = posts.get("order"), posts.get("posts")
    if not isinstance(order, list) or not isinstance(by_id, dict):
        return ()
    found = (by_id.get(post_id) for post_id in order if isinstance(post_id, str))
    return tuple(read_post(post) for post in found if isinstance(post, dict))


def read_post(post: JSONObject) -> ChatPost:
    props, created_at = post.get("props"), post.get("create_at")
    milliseconds = created_at if isinstance(created_at, int) else 0
    return ChatPost(
        post_id=text_of(post, "id"),
        channel_id=text_of(post, "channel_id"),
        user_id=text_of(post, "user_id"),
        text=text_of(post, "message"),
        created_at=datetime.fromtimestamp(milliseconds / 1000, UTC),
        root_id=text_of(post, "root_id"),
        kind=text_of(post, "type"),
        props=props if isinstance(props, dict) else {},
        is_deleted=bool(post.get("delete_at")),
    )


CONVERSATIONS = Conversations(
    fetch_user=fetch_user,
    find_user=find_user,
    is_member=is_member,
    is_channel_admin=is_channel_admin,
    fetch_post=fetch_post,
    fetch_recent=fetch_recent,
    fetch_since=fetch_since,
    patch_post=patch_post,
    add_reaction=add_reaction,
    remove_reaction=remove_reaction,
    respond=respond,
)
