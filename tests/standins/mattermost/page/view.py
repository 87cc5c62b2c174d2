"""Serves the page, its assets, and what it asks for to stay up to date."""

import asyncio
import re
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass

from hub.contracts import JSONObject, JSONValue
from tests.standins.mattermost.application import Application
from tests.standins.mattermost.call import ok
from tests.standins.mattermost.page.posts import ASSETS, TEMPLATES, render_ephemeral, render_post
from tests.standins.mattermost.records import DIRECT, GROUP, Channel, Post, User
from tests.standins.mattermost.seed import BOT_USERNAME, CHANNELS
from tests.standins.mattermost.state import State
from tests.standins.serving import Answer, Request, Response

VIEW_PATH = "/_chat/view"
ASSET_PREFIX = "/_chat/"
CONTENT_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}
WAIT_S = 25.0  # a view without news is answered after this, before proxies lose patience
DEFAULT_LIMIT = 50
MAX_LIMIT = 1000
MAX_RENDERED = 5 * MAX_LIMIT  # posts kept as HTML
PERMALINK = re.compile(r"/(?:[^/]+|_redirect)/pl/(?P<post_id>[a-z0-9]{26})")
CHANNEL_LINK = re.compile(r"/[^/]+/channels/(?P<name>[a-z0-9_-]+)")
HEADERS = {
    "Cache-Control": "no-store",
    # Inline styles carry the colours of cards, which are checked to be colours.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What a browser has and wants: news after `version`, of a run called `boot_id`."""

    channel: str
    boot_id: str
    version: int
    limit: int
    viewer: str = ""  # a username: whose ephemeral posts are shown


class Page:
    """Answers browsers; a view waits until there is something new to show."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._waiting: set[asyncio.Future[None]] = set()
        self._rendered: dict[str, tuple[tuple[str, str], str]] = {}
        application.listeners.append(self._wake)

    def respond(self, request: Request) -> Answer | Awaitable[Answer]:
        if request.method not in ("GET", "HEAD"):
            return _not_found()
        if request.path == VIEW_PATH:
            return self._respond_view(_wish_of(request.query()))
        if request.path.startswith(ASSET_PREFIX):
            return _asset(request.path.removeprefix(ASSET_PREFIX))
        return self._respond_page(request.path)

    def _respond_page(self, path: str) -> Response:
        state = self._application.state
        permalink, channel_link = PERMALINK.fullmatch(path), CHANNEL_LINK.fullmatch(path)
        post = state.live_post(permalink["post_id"]) if permalink else None
        channel = channel_link["name"] if channel_link else ""
        if post is not None:
            channel = state.channels[post.channel_id].name
        if path != "/" and not (post or channel):
            return _not_found()
        html = TEMPLATES.get_template("chat.html").render(
            channel=channel,
            post_id=post.id if post is not None else "",
            site_name=state.settings["SiteName"],
            teams=list(state.teams.values()),
        )
        return Response(200, html.encode(), "text/html; charset=utf-8", dict(HEADERS))

    async def _respond_view(self, wish: Wish) -> Answer:
        state = self._application.state
        if (wish.boot_id, wish.version) == (state.boot_id, state.version):
            await self._wait()
        answer = ok(self.view(wish))
        answer.headers |= HEADERS
        return answer

    async def _wait(self) -> None:
        news = asyncio.get_running_loop().create_future()
        self._waiting.add(news)
        try:
            await asyncio.wait_for(news, WAIT_S)
        except TimeoutError:
            return
        finally:
            self._waiting.discard(news)

    def _wake(self) -> None:
        for news in self._waiting:
            if not news.done():
                news.set_result(None)

    def view(self, wish: Wish) -> JSONObject:
        state = self._application.state
        shown = _channel_to_show(state, wish.channel)
        roots = [post for post in state.channel_posts[shown.id] if _is_root(post)]
        viewer = state.user_named(wish.viewer)
        ephemerals = [
            one.post
            for one in state.ephemerals
            if viewer is not None and (one.user_id, one.post.channel_id) == (viewer.id, shown.id)
        ]
        posts = [self._post_json(state, one, ephemerals) for one in roots[-wish.limit :]]
        posts += [_ephemeral_json(state, one) for one in ephemerals if _stands_alone(one, roots)]
        posts.sort(key=lambda one: int(str(one["at"])))
        channels: list[JSONValue] = [_channel_json(state, one) for one in _in_order(state)]
        return {
            "boot_id": state.boot_id,
            "version": state.version,
            "channel": _channel_json(state, shown),
            "channels": channels,
            "earlier_count": max(0, len(roots) - wish.limit),
            "team_id": shown.team_id or next(iter(state.teams)),
            "people": [_person_json(state, user) for user in state.users.values()],
            "posts": list(posts),
        }

    def _post_json(self, state: State, post: Post, ephemerals: Sequence[Post]) -> JSONObject:
        own = [one for one in ephemerals if one.root_id == post.id]
        told = [f"{one.id} {one.revision}" for one in own]
        revision = ", ".join([str(post.revision), *told])
        stamp = (state.boot_id, revision)
        known = self._rendered.get(post.id)
        if known is None or known[0] != stamp:
            known = (stamp, render_post(state, post, own))
            if len(self._rendered) > MAX_RENDERED:
                self._rendered.clear()
            self._rendered[post.id] = known
        return {"id": post.id, "revision": revision, "at": post.created_at, "html": known[1]}


def _wish_of(query: dict[str, str]) -> Wish:
    return Wish(
        query.get("channel", ""),
        query.get("boot_id", ""),
        _number(query.get("version", ""), -1),
        max(1, min(_number(query.get("limit", ""), DEFAULT_LIMIT), MAX_LIMIT)),
        query.get("viewer", ""),
    )


def _number(text: str, default: int) -> int:
    return int(text) if text.isdecimal() else default


def _is_root(post: Post) -> bool:
    return not post.root_id and not post.deleted_at


def _stands_alone(ephemeral: Post, roots: Sequence[Post]) -> bool:
    """It is in no thread, or in one that is gone."""
    return all(root.id != ephemeral.root_id for root in roots)


def _ephemeral_json(state: State, post: Post) -> JSONObject:
    html, revision = render_ephemeral(state, post), str(post.revision)
    return {"id": post.id, "revision": revision, "at": post.created_at, "html": html}


def _person_json(state: State, user: User) -> JSONObject:
    """With a token, so that the page can call the API as anybody else's client does."""
    kind = "bot" if user.is_bot else "guest" if user.is_guest else "person"
    return {
        "username": user.username,
        "name": user.display_name,
        "kind": kind,
        "token": state.token_of(user),
    }


def _channel_to_show(state: State, name: str) -> Channel:
    channels = _in_order(state)
    return next((channel for channel in channels if channel.name == name), channels[0])


def _in_order(state: State) -> list[Channel]:
    """Seeded channels first, then the others as made; direct messages come last."""
    seeded = [name for name, *_ in CHANNELS]

    def place(channel: Channel) -> tuple[bool, int]:
        is_seeded = channel.name in seeded
        rank = seeded.index(channel.name) if is_seeded else len(seeded)
        return channel.type in (DIRECT, GROUP), rank

    return sorted(state.channels.values(), key=place)


def _channel_json(state: State, channel: Channel) -> JSONObject:
    bot = state.user_named(BOT_USERNAME)
    return {
        "id": channel.id,
        "name": channel.name,
        "title": _title_of(state, channel),
        "kind": channel.type,
        "purpose": channel.purpose,
        "count": channel.post_count,
        "member_count": len(channel.members),
        "is_archived": bool(channel.deleted_at),
        "has_bot": bot is not None and bot.id in channel.members,
    }


def _title_of(state: State, channel: Channel) -> str:
    if channel.type not in (DIRECT, GROUP):
        return channel.display_name
    names = sorted(state.users[user_id].username for user_id in channel.members)
    others = [name for name in names if name != BOT_USERNAME]
    return ", ".join(others or names)


def _asset(name: str) -> Response:
    content_type = CONTENT_TYPES.get(name.rpartition(".")[2])
    path = ASSETS / name
    if content_type is None or path.parent != ASSETS or not path.is_file():
        return _not_found()
    return Response(200, path.read_bytes(), content_type, dict(HEADERS))


def _not_found() -> Response:
    return Response(404, b"There is nothing here; the chat is at /", "text/plain; charset=utf-8")
