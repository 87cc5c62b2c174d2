"""Looks up the tags that webhooks lack, and tells when the one that matters was put on."""

from collections.abc import Iterable
from dataclasses import replace

from hub.contracts import JSONObject, JSONValue, ParsedEvent, SourceView
from integrations.zammad.client import fetch_tags
from integrations.zammad.events import tags_key, told_key, withhold_article
from integrations.zammad.kinds import SEVERITIES

DEFAULT_TAG = "mattermost"
TAGGED = "ticket.tagged"
TOLD_ALREADY = "the tag was told about already, with the change before this one"


def enrich(event: ParsedEvent, source: SourceView, state: JSONObject) -> ParsedEvent:
    """One call, if there is a token. `state` has the tags last seen. Raises DeliveryError."""
    token, reference = source.credentials.get("token", ""), event.reference
    if source.http is None or not token or reference is None:
        return event
    tag = str(source.options.get("tag") or DEFAULT_TAG).strip()
    key = tags_key(reference.external_id)
    value = state.get(key)
    before = [*value] if isinstance(value, list) else []
    if TAGGED in event.kinds and not _has(before, tag):
        state[key] = [*before, tag]  # before the call: it is told about even if that fails
    tags = fetch_tags(source.http, token, reference.external_id)
    if tags or before:
        state[key] = [*tags]
    event = replace(event, data={**event.data, "tags": [*tags]})
    is_new = _has(tags, tag) and not _has(before, tag)
    return _tell_once(event, state, told_key(reference.external_id), is_new=is_new)


def _tell_once(event: ParsedEvent, state: JSONObject, key: str, *, is_new: bool) -> ParsedEvent:
    """A change may bring the tag first, and the webhook for the tag itself come right behind.

    A ticket that is being closed needs no developers any more.
    """
    if TAGGED in event.kinds:
        was_told, state[key] = state.get(key), None
        return replace(event, ignored_because=TOLD_ALREADY) if was_told else event
    if not is_new or "ticket.closed" in event.kinds:
        return event
    state[key] = True
    return _as_tagged(event)


def _as_tagged(event: ParsedEvent) -> ParsedEvent:
    """A mere update is then nothing else; its internal note stays behind, so that all may read."""
    changed = (*event.changed, "tags")
    if event.kinds[0] != "ticket.updated":
        return replace(event, kinds=(*event.kinds, TAGGED), changed=changed)
    return replace(
        event,
        kinds=(TAGGED, *event.kinds[1:]),
        severity=SEVERITIES[TAGGED],
        is_private=False,
        data=withhold_article(event.data) if event.is_private else event.data,
        changed=changed,
    )


def _has(tags: Iterable[JSONValue], tag: str) -> bool:
    return any(str(one).lower() == tag.lower() for one in tags)
