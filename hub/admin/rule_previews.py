"""What the preview under the form of a rule shows: one event, the verdict, the messages."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final

from django.conf import settings
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from hub import registry
from hub.admin.rule_drafts import Draft, recent_events, try_draft
from hub.admin.samples import Sample, find_samples, load_sample
from hub.admin.sentences import at
from hub.admin.traces import show_check
from hub.contracts import JSONValue
from hub.explaining import Recalled, recall, rehearse
from hub.markdown import shorten
from hub.matching import Planned
from hub.models import Event, TriggerRule
from hub.models.rules import LANGUAGES
from hub.previewing import message_html
from hub.rules import CompiledChannel, CompiledRule

OFFERED_EVENTS: Final = 20
MAX_PATHS: Final = 400  # fields of the event that are offered to conditions
MAX_DEPTH: Final = 5
MAX_VALUE_CHARS: Final = 60
MAX_LABEL_CHARS: Final = 110
LANGUAGE_NAMES: Final = dict(LANGUAGES)
EVENT: Final = "event:"
SAMPLE: Final = "sample:"


@dataclass(frozen=True, slots=True)
class ShownMessage:
    """What one channel gets; `reason` says why it gets nothing."""

    channel: str
    language: str
    html: Sequence[SafeString]
    reason: str = ""
    error: str = ""
    is_threaded: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """An event to choose: `event:12`, or `sample:ticket.created`."""

    key: str
    label: str


def preview_context(draft: Draft, wanted: str) -> dict[str, Any]:
    """`wanted` is the key of the event that was chosen before."""
    integration = registry.get(draft.rule.integration)
    if integration is None:
        return {"problems": draft.problems, "has_integration": False}
    events = recent_events(draft.rule, OFFERED_EVENTS, draft.rule.kinds)
    samples = find_samples(integration, draft.rule.kinds)
    key = _choose(wanted, events, samples)
    recalled = _recall(key, draft.rule, events, samples)
    context = {
        "has_integration": True,
        "problems": draft.problems,
        "key": key,
        "events": [Offer(f"{EVENT}{one.pk}", _event_label(one)) for one in events],
        "samples": [Offer(f"{SAMPLE}{one.name}", one.name) for one in samples],
    }
    return context | (_answer(draft, recalled) if recalled is not None else {})


def _answer(draft: Draft, recalled: Recalled) -> dict[str, Any]:
    explanation, planned = try_draft(draft, recalled)
    if not planned:
        planned = rehearse(recalled, _somewhere(draft, recalled), draft.index.channels)
    return {
        "explanation": explanation,
        "checks": [show_check(check) for check in explanation.checks],
        "messages": [_shown(one) for one in planned],
        "paths": dict(islice(_paths(recalled.context), MAX_PATHS)),
    }


def _choose(wanted: str, events: Sequence[Event], samples: Sequence[Sample]) -> str:
    """What was chosen if it is still offered, else the newest event, else a sample."""
    keys = [f"{EVENT}{one.pk}" for one in events] + [f"{SAMPLE}{one.name}" for one in samples]
    return wanted if wanted in keys else next(iter(keys), "")


def _recall(
    key: str, rule: TriggerRule, events: Sequence[Event], samples: Sequence[Sample]
) -> Recalled | None:
    for event in events:
        if key == f"{EVENT}{event.pk}":
            return recall(event)
    for sample in samples:
        if key == f"{SAMPLE}{sample.name}":
            return load_sample(sample, rule.source)
    return None


def _event_label(event: Event) -> str:
    about = f"{event.reference.display} {event.title}" if event.reference else event.title
    return f"{at(event.received_at, timezone.now())}  {event.kind}  {about}"[:MAX_LABEL_CHARS]


def _somewhere(draft: Draft, recalled: Recalled) -> CompiledRule:
    """The rule with a channel made up, so that its words can be read before one is chosen."""
    named = recalled.context.get("channel") if draft.rule.to_named_channel else ""
    channel = CompiledChannel(
        id=0,
        name=str(named or ""),
        server_id=0,
        language=(get_language() or settings.LANGUAGE_CODE)[:2],
        zone=settings.TIME_ZONE,
        threading="thread",
        is_cleared_for_private=True,
        is_paused=False,
    )
    return replace(draft.compiled, channels=(channel,), to_named_channel=False)


def _shown(planned: Planned) -> ShownMessage:
    channel = planned.channel
    return ShownMessage(
        channel=f"~{channel.name}" if channel.name else _("no channel chosen yet"),
        language=LANGUAGE_NAMES.get(channel.language, channel.language),
        html=[message_html(message) for message in planned.messages],
        reason=planned.reason,
        error=planned.error,
        is_threaded=planned.is_threaded,
    )


def _paths(value: JSONValue, path: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """`ticket.priority.name` and what it is, for every field of the event."""
    if isinstance(value, Mapping) and depth < MAX_DEPTH:
        for name, inner in value.items():
            yield from _paths(inner, f"{path}.{name}" if path else name, depth + 1)
    elif isinstance(value, list):
        yield (f"{path}.*" if value and isinstance(value[0], dict) else path), ""
    elif not isinstance(value, Mapping):
        yield path, shorten(str(value), MAX_VALUE_CHARS)
