"""Lists of posts: a thread, and a channel by page, by time or around a post."""

from hub.contracts import JSONObject, JSONValue
from tests.standins.mattermost.call import ID, MAX_PER_PAGE, Call, ok
from tests.standins.mattermost.decoding import encode
from tests.standins.mattermost.errors import ApiError, invalid_body, missing_permission
from tests.standins.mattermost.posts import post_json
from tests.standins.mattermost.records import Channel, Post
from tests.standins.mattermost.state import State
from tests.standins.serving import Response

MAX_SINCE_POSTS = 1000


def fetch_thread(call: Call) -> Response:
    """The whole thread, newest first, whichever of its posts is asked for."""
    post = call.post()
    root_id = post.root_id or post.id
    root = call.state.live_post(root_id)
    thread = [root, *call.state.replies.get(root_id, ())]
    live = [one for one in thread if one is not None and not one.deleted_at]
    query = call.request.query()
    per_page = query.get("perPage", "")
    if per_page and (not per_page.isdecimal() or int(per_page) > MAX_PER_PAGE):
        raise invalid_body("perPage")
    newest_first = live[::-1]
    if query.get("direction") == "down":
        newest_first = live
    wanted = newest_first[: int(per_page)] if per_page and int(per_page) else newest_first
    has_next = len(wanted) < len(newest_first)
    return ok(_post_list(call.state, wanted, has_next=has_next))


def fetch_channel_posts(call: Call) -> Response:
    channel = call.channel("read_channel_content")
    if not call.can_read(channel):
        raise missing_permission("read_channel_content")
    query = call.request.query()
    if query.get("since"):
        return ok(_posts_since(call.state, channel, query["since"]))
    etag = f"{call.state.settings['Version']}.{channel.id}.{_last_change(call.state, channel)}"
    if call.request.headers.get("if-none-match") == etag:
        return Response(304, headers={"Etag": etag})
    posts = [one for one in call.state.channel_posts[channel.id] if not one.deleted_at]
    posts.reverse()  # newest first from here on
    wanted = _wanted_slice(call, posts)
    found = _post_list(call.state, posts[wanted])
    found["next_post_id"] = posts[wanted.start - 1].id if 0 < wanted.start <= len(posts) else ""
    found["prev_post_id"] = posts[wanted.stop].id if wanted.stop < len(posts) else ""
    return Response(200, encode(found), headers={"Etag": etag})


def _posts_since(state: State, channel: Channel, since: str) -> JSONObject:
    """What changed after a time, deleted posts too; roots of changed replies come along."""
    if not since.lstrip("-").isdecimal():
        raise invalid_body("since")
    changed = [p for p in state.channel_posts[channel.id] if p.updated_at > int(since)]
    return _post_list(state, changed[:MAX_SINCE_POSTS][::-1])


def _wanted_slice(call: Call, posts: list[Post]) -> slice:
    """The page, counted from the newest post or from the one named by before or after."""
    query, page = call.request.query(), call.page()
    size = page.stop - page.start
    name = "before" if query.get("before") else "after"
    anchor_id = query.get(name, "")
    if not anchor_id:
        return page
    if not ID.fullmatch(anchor_id):
        raise invalid_body(name)
    at = next((index for index, post in enumerate(posts) if post.id == anchor_id), None)
    if at is None:
        raise ApiError("app.post.get_posts_around.get.app_error", 404)
    if name == "before":
        return slice(at + 1 + page.start, at + 1 + page.stop)
    stop = max(at - page.start, 0)
    return slice(max(stop - size, 0), stop)


def _post_list(state: State, newest_first: list[Post], *, has_next: bool = False) -> JSONObject:
    order: list[JSONValue] = [post.id for post in newest_first]
    roots = (state.live_post(post.root_id) for post in newest_first if post.root_id)
    shown = [*newest_first, *(root for root in roots if root is not None)]
    return {
        "order": order,
        "posts": {post.id: post_json(state, post) for post in shown},
        "next_post_id": "",
        "prev_post_id": "",
        "has_next": has_next,
        "first_inaccessible_post_time": 0,
    }


def _last_change(state: State, channel: Channel) -> int:
    return max((post.updated_at for post in state.channel_posts[channel.id]), default=0)
