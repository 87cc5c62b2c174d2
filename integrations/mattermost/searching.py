"""Looks for a post whose fate is unknown, by the hub key in its props."""

from collections.abc import Iterator
from datetime import timedelta

from hub.contracts import DeliveryError, JSONObject
from hub.destinations import Posted, Posting, ServerView
from integrations.mattermost.connection import fetch, find, reworded, text_of

HUB_KEY = "hub_key"
PAGE_SIZE = 60  # 200 long posts would pass the cap on the size of an answer
MAX_PAGES = 200  # 12,000 posts: a busy channel after hours of silence
CLOCK_SKEW = timedelta(minutes=5)  # Mattermost's clock is not ours
FOUND = "found already posted"
GONE = 404


def find_posted(server: ServerView, posting: Posting) -> Posted | None:
    """What an earlier attempt left behind, in the thread or else anywhere in the channel.

    Raises DeliveryError: a message that cannot be looked for must not be posted again.
    """
    if posting.look_since is None:
        return None
    since = int((posting.look_since - CLOCK_SKEW).timestamp() * 1000)
    for post in _posts_since(server, _where(server, posting), since):
        props = post.get("props")
        if isinstance(props, dict) and props.get(HUB_KEY) == posting.key:
            post_id = text_of(post, "id")
            return Posted(post_id, text_of(post, "root_id") or post_id, note=FOUND)
    return None


def _where(server: ServerView, posting: Posting) -> str:
    """The thread, while its root stands: a reply without one was made a root of its own."""
    channel_id = posting.channel.channel_id
    root = find(server, f"/posts/{posting.root_post_id}") if posting.root_post_id else None
    if root is None or root.get("channel_id") != channel_id:
        return f"/channels/{channel_id}/posts"
    return f"/posts/{text_of(root, 'root_id') or text_of(root, 'id')}/thread"


def _posts_since(server: ServerView, path: str, since: int) -> Iterator[JSONObject]:
    """Posts newest first, back to `since` (Unix ms); of a thread the replies."""
    is_thread = path.endswith("/thread")
    params = {"perPage": str(PAGE_SIZE), "direction": "up"} if is_thread else {}
    seen: set[str] = set()
    for _page in range(MAX_PAGES):
        listed = _listed(_fetch_page(server, path, params))
        page = [one for one in listed if text_of(one, "id") not in seen]
        yield from page
        seen.update(text_of(one, "id") for one in page)
        dated = [one for one in page if text_of(one, "root_id") or not is_thread]
        oldest = min(dated, key=_created_at, default=None)
        if oldest is None or _created_at(oldest) < since:
            return
        params = _next_page(oldest, is_thread=is_thread)


def _fetch_page(server: ServerView, path: str, params: dict[str, str]) -> JSONObject:
    try:
        return fetch(server, path, **params)
    except DeliveryError as error:
        if error.status_code != GONE:
            raise
        sentence = "A post vanished while the channel was searched for this message"
        raise reworded(error, sentence, permanent=False) from error


def _next_page(oldest: JSONObject, *, is_thread: bool) -> dict[str, str]:
    """From a post on, not by number: the pages move when somebody posts or deletes."""
    post_id = text_of(oldest, "id")
    if not is_thread:
        return {"before": post_id, "per_page": str(PAGE_SIZE)}
    return {
        "fromPost": post_id,
        "fromCreateAt": str(_created_at(oldest)),
        "perPage": str(PAGE_SIZE),
        "direction": "up",
    }


def _listed(post_list: JSONObject) -> list[JSONObject]:
    """Without the roots that come along with their replies."""
    order, posts = post_list.get("order"), post_list.get("posts")
    if not isinstance(order, list) or not isinstance(posts, dict):
        return []
    found = (posts.get(post_id) for post_id in order if isinstance(post_id, str))
    return [post for post in found if isinstance(post, dict)]


def _created_at(post: JSONObject) -> int:
    created_at = post.get("create_at")
    return created_at if isinstance(created_at, int) else 0
