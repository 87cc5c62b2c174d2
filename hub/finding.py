"""Which ticket a person means who names none: the thread's, else the only one of the channel."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.contracts import JSONObject
from hub.destinations import ChatPost, Conversations, ServerView
from hub.models import Delivery, Reference, Thread
from hub.references import Named, Patterns, answerable_sources

RECENT_POSTS = 20  # a screen or two: what the person sees
RECENT = timedelta(hours=12)
MAX_CANDIDATES = 5  # buttons under one question
KEY = "hub_key"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A ticket that may be meant."""

    source_id: int
    display: str
    external_id: str = ""
    title: str = ""
    is_private: bool = False

    def as_json(self) -> JSONObject:
        """What is shown to whoever typed, anywhere: of a private ticket not even its title."""
        return {
            "source": self.source_id,
            "display": self.display,
            "external_id": self.external_id,
            "title": "" if self.is_private else self.title,
        }


@dataclass(frozen=True, slots=True)
class Found:
    """`by` says how: named, thread, channel. One candidate is clear; several are asked about."""

    candidates: tuple[Candidate, ...] = ()
    by: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command was typed."""

    server_id: int
    channel_id: str
    root_id: str = ""


def find_named(word: str, patterns: Patterns) -> Found:
    """What a typed reference means. Several sources may write theirs alike."""
    return Found(tuple(_known(named) for named in patterns.find(word)), "named")


def find_unnamed(
    place: Place,
    patterns: Patterns,
    server: ServerView,
    conversations: Conversations,
    now: datetime,
) -> Found:
    """The thread it was typed in, else the channel's recent posts. Raises DeliveryError."""
    if place.root_id:
        found = _in_thread(place, patterns, server, conversations)
        if found:
            return Found(found, "thread")
    posts = conversations.fetch_recent(server, place.channel_id, RECENT_POSTS)
    recent = [post for post in posts if now - post.created_at <= RECENT and not post.is_deleted]
    return Found(_in_posts(place, recent, patterns)[:MAX_CANDIDATES], "channel")


def _in_thread(
    place: Place, patterns: Patterns, server: ServerView, conversations: Conversations
) -> tuple[Candidate, ...]:
    """The hub's own thread knows its ticket; of another one the root may name it."""
    threads = Thread.objects.filter(
        channel__server=place.server_id, root_post_id=place.root_id
    ).select_related("reference")
    if threads:
        return _distinct(_candidate(thread.reference) for thread in threads)
    root = conversations.fetch_post(server, place.root_id)
    return _in_posts(place, [root], patterns) if root is not None else ()


def _in_posts(place: Place, posts: Iterable[ChatPost], patterns: Patterns) -> tuple[Candidate, ...]:
    """Each ticket once, the last mentioned first."""
    posts = list(posts)
    by_root = _tickets_of_threads(place, posts)
    by_post = _tickets_of_deliveries(posts)
    found: list[Candidate] = []
    for post in posts:
        own = by_root.get(post.root_id or post.post_id) or by_post.get(post.post_id)
        if own is not None:
            found.append(own)
        elif post.kind.startswith("system_"):
            continue
        else:
            found += _named_in(post, patterns)
    answerable = answerable_sources()
    return _distinct(one for one in found if one.source_id in answerable)


def _tickets_of_threads(place: Place, posts: list[ChatPost]) -> dict[str, Candidate]:
    roots = {post.root_id or post.post_id for post in posts}
    threads = Thread.objects.filter(
        channel__server=place.server_id, root_post_id__in=roots
    ).select_related("reference")
    return {thread.root_post_id: _candidate(thread.reference) for thread in threads}


def _tickets_of_deliveries(posts: list[ChatPost]) -> dict[str, Candidate]:
    """Of the hub's posts outside a thread, by the key in their props."""
    keys = {key: post.post_id for post in posts if UUID.fullmatch(key := str(post.props.get(KEY)))}
    if not keys:
        return {}
    sent = Delivery.objects.filter(key__in=keys).select_related("reference")
    return {keys[str(one.key)]: _candidate(one.reference) for one in sent if one.reference}


def _named_in(post: ChatPost, patterns: Patterns) -> list[Candidate]:
    """What the text names; of a webhook's post also its attachments."""
    texts = [post.text]
    attachments = post.props.get("attachments")
    for one in attachments if isinstance(attachments, list) else ():
        if isinstance(one, dict):
            texts += [str(one.get(name) or "") for name in ("pretext", "title", "text")]
    return [
        _known(named) for text in texts for several in patterns.search(text) for named in several
    ]


def _known(named: Named) -> Candidate:
    """With what the hub knows of it; ids are reused, so the last one counts."""
    row = (
        Reference.objects.filter(source=named.source_id, display=named.display)
        .order_by("-pk")
        .first()
    )
    return _candidate(row) if row is not None else Candidate(named.source_id, named.display)


def _candidate(reference: Reference) -> Candidate:
    return Candidate(
        source_id=reference.source_id,
        display=reference.display,
        external_id=reference.external_id,
        title=reference.title,
        is_private=reference.is_private,
    )


def _distinct(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    by_key: dict[tuple[int, str], Candidate] = {}
    for one in candidates:
        by_key.setdefault((one.source_id, one.display), one)
    return tuple(by_key.values())
