"""Stage 2: events become deliveries. Pure but for the writing of one batch."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import override

from hub.calming import UNCALMED, Calming, calm
from hub.conditions import Verdict
from hub.context import build_context
from hub.contracts import (
    DeliveryError,
    ExternalReference,
    InboundRequest,
    Integration,
    JSONObject,
    JSONValue,
    Message,
    ParsedEvent,
    PayloadError,
    SourceView,
)
from hub.mentions import fill_mentions
from hub.models import Event
from hub.models.sources import BUILT_IN_SOURCE
from hub.reference_keys import reference_key
from hub.rendering import Style, render_message
from hub.restraints import Place, Subject, Withheld, find_withholding
from hub.rules import FEW_RULES, CompiledChannel, CompiledRule, RuleIndex, Shelf
from hub.wording import PLAIN, Wording, default_wording

logger = logging.getLogger(__name__)

FEW_OTHERS = 5  # traced of many rules, where none holds
URGENCY: Mapping[str, int] = {"urgent": 2, "warning": 1}


@dataclass(frozen=True, slots=True)
class Received:
    """A stored event with everything that parsing and matching it needs."""

    event_id: int
    source_id: int
    source_name: str
    integration: Integration
    source: SourceView
    request: InboundRequest
    is_source_active: bool = True
    is_replay: bool = False
    is_test: bool = False
    may_mention: bool = False
    reachable_channels: frozenset[int] = frozenset()
    default_channel: int | None = None


@dataclass(frozen=True, slots=True)
class Parsed:
    """`event` is None when it could not be understood; `note` then says why."""

    received: Received
    event: ParsedEvent | None
    note: str = ""
    owners: Mapping[int, tuple[str, ...]] = field(default_factory=dict)  # usernames by server


@dataclass(frozen=True, slots=True)
class Planned:
    """A delivery to be written. `reason` is set for one that is suppressed."""

    rule: CompiledRule
    channel: CompiledChannel
    messages: tuple[Message, ...]
    is_threaded: bool
    trace: JSONObject
    reason: str = ""
    error: str = ""  # of the rule's template
    withheld_by: str = ""
    calming: Calming = UNCALMED


@dataclass(frozen=True, slots=True)
class Match:
    """What became of one event."""

    parsed: Parsed
    state: Event.State
    note: str = ""
    planned: tuple[Planned, ...] = ()
    trace: tuple[JSONObject, ...] = ()
    urgency: int = 0


def parse_event(received: Received) -> Parsed:
    """Never raises: what an integration cannot read is unknown, with the first surprise."""
    try:
        event = received.integration.parse(received.request, received.source)
    except PayloadError as error:
        where = f" (at {error.path})" if error.path else ""
        return Parsed(received, None, f"{error}{where}"[:500])
    except Exception as error:
        logger.exception(
            "%s could not parse event %s", received.integration.name, received.event_id
        )
        return Parsed(received, None, f"parsing failed: {error!r}"[:500])
    return Parsed(received, _as_test(event, received) if received.is_test else event)


def enrich_event(parsed: Parsed, state: JSONObject) -> Parsed:
    """Ask the source for what it left out. On failure the event goes on as it is."""
    received, event = parsed.received, parsed.event
    if event is None or received.integration.enrich is None:
        return parsed
    try:
        enriched = received.integration.enrich(event, received.source, state)
    except DeliveryError as error:
        return replace(parsed, note=f"not enriched: {error}"[:500])
    except Exception as error:
        logger.exception("%s could not enrich %s", received.integration.name, received.event_id)
        return replace(parsed, note=f"not enriched: {error!r}"[:500])
    return replace(parsed, event=replace(enriched, is_enriched=True))


def match_event(
    parsed: Parsed,
    index: RuleIndex,
    previous: Mapping[str, JSONValue] | None = None,
    now: datetime | None = None,
) -> Match:
    """Which rules hold, and what they send where. `previous` is the event before (hub.earlier).

    Without `now`, silences, quiet hours and the like are left out; so they are of a replay, which
    a person asked for.

    Never raises: a failure stands on its event and stops no other.
    """
    try:
        return _match(parsed, index, previous, None if parsed.received.is_replay else now)
    except Exception as error:
        logger.exception("Event %s could not be matched", parsed.received.event_id)
        return Match(parsed, Event.State.FAILED, f"matching failed: {error!r}"[:500])


def _as_test(event: ParsedEvent, received: Received) -> ParsedEvent:
    """About a reference of its own: it joins no thread of the real one and leaves no state."""
    reference = event.reference
    if reference is not None:
        own_id = f"test {received.event_id} {reference.external_id}"
        reference = ExternalReference(own_id[:200], f"test {reference.display}"[:200])
    return replace(event, reference=reference, state_keys=())


def _match(
    parsed: Parsed,
    index: RuleIndex,
    previous: Mapping[str, JSONValue] | None,
    now: datetime | None,
) -> Match:
    received, event = parsed.received, parsed.event
    if event is None:
        return Match(parsed, Event.State.UNKNOWN, parsed.note)
    if not received.is_source_active:
        return Match(parsed, Event.State.IGNORED, "the source is switched off")
    if event.ignored_because:
        return Match(parsed, Event.State.IGNORED, event.ignored_because)
    context = build_context(event, received.request, received.source_name)
    shelf = index.shelf(received.integration.name, event.kinds, received.source_id)
    asked = [
        (rule, rule.conditions.evaluate(context, event.changed, previous))
        for rule in shelf.worth_asking(context)
    ]
    holding = [(rule, verdict) for rule, verdict in asked if verdict.holds]
    planned = tuple(_plan(parsed, context, holding, _Present(index, subject_of(parsed), now)))
    return Match(
        parsed,
        Event.State.MATCHED if holding else Event.State.UNMATCHED,
        parsed.note or _unmatched_note(event, shelf, holding),
        planned,
        tuple(_trace(rule, verdict) for rule, verdict in _most_telling(asked)),
        URGENCY.get(event.severity, 0),
    )


def _most_telling(
    asked: Sequence[tuple[CompiledRule, Verdict]],
) -> list[tuple[CompiledRule, Verdict]]:
    """All where there are few. Else those that hold; the admin asks any other one again."""
    if len(asked) <= FEW_RULES:
        return list(asked)
    holding = [pair for pair in asked if pair[1].holds]
    return holding[:FEW_RULES] or list(asked[:FEW_OTHERS])


def _unmatched_note(event: ParsedEvent, shelf: Shelf, holding: Sequence[object]) -> str:
    if holding:
        return ""
    if not shelf.rules:
        return f"no active rule is about {', '.join(event.kinds)}"[:500]
    if len(shelf.rules) == 1:
        return "the only rule about it does not hold"
    return f"none of the {len(shelf.rules)} rules about it holds"


def _trace(rule: CompiledRule, verdict: Verdict) -> JSONObject:
    return {"rule": rule.id, "name": rule.name, **verdict.as_json()}


@dataclass(frozen=True, slots=True)
class _Present:
    """What holds while an event is matched."""

    index: RuleIndex
    subject: Subject
    now: datetime | None

    def find_withholding(self, rule: CompiledRule, channel: CompiledChannel) -> Withheld | None:
        if self.now is None or not self.index.restraints:
            return None
        place = Place(rule.id, channel.id, channel.zone)
        return find_withholding(self.index.restraints, self.subject, place, self.now)

    def calm(self, parsed: Parsed, planned: Planned) -> Planned:
        if self.now is None or parsed.event is None:
            return planned
        source_id = parsed.received.source_id
        calming = calm(
            planned.rule, planned.channel, parsed.event, source_id=source_id, now=self.now
        )
        if calming.is_dropped:
            return replace(planned, reason=calming.waits_for)
        return replace(planned, calming=calming) if calming is not UNCALMED else planned


def subject_of(parsed: Parsed) -> Subject:
    """What silences compare with. The hub's own events say which monitor they are about."""
    received, event = parsed.received, parsed.event
    if event is None:
        return Subject(received.source_id)
    reference = event.reference
    key = reference_key(received.source_id, reference) if reference is not None else None
    if received.integration.name != BUILT_IN_SOURCE:
        return Subject(received.source_id, key)
    return Subject(
        received.source_id,
        key,
        is_of_hub=True,
        monitor_id=_number(event.data.get("monitor_id")),
        monitored_source_id=_number(event.data.get("source_id")),
    )


def _number(value: JSONValue) -> int | None:
    return value if isinstance(value, int) else None


def _plan(
    parsed: Parsed,
    context: JSONObject,
    holding: Iterable[tuple[CompiledRule, Verdict]],
    present: _Present,
) -> Iterable[Planned]:
    """One delivery per channel, worded by the first rule; later ones are kept as suppressed.

    A rule that is silenced leaves its channel to the next.
    """
    taken: dict[int, CompiledRule] = {}
    for rule, verdict in holding:
        for channel in _channels(parsed.received, context, rule, present.index):
            trace = _trace(rule, verdict)
            withheld = present.find_withholding(rule, channel) if channel.id not in taken else None
            if withheld is not None:
                by = withheld.by
                yield Planned(rule, channel, (), False, trace, withheld.reason, withheld_by=by)
                continue
            first = taken.setdefault(channel.id, rule)
            reason = _suppression(parsed, channel, rule, first)
            if reason:
                yield Planned(rule, channel, (), False, trace, reason)
            else:
                for planned in _worded(parsed, context, rule, channel, trace):
                    yield present.calm(parsed, planned)


def _suppression(
    parsed: Parsed, channel: CompiledChannel, rule: CompiledRule, first: CompiledRule
) -> str:
    if first is not rule:
        return f"rule “{first.name}” already words it for this channel"
    if parsed.event is not None and parsed.event.is_private and not channel.is_cleared_for_private:
        return "private, and the channel is not cleared for private items"
    return ""


def _channels(
    received: Received, context: JSONObject, rule: CompiledRule, index: RuleIndex
) -> list[CompiledChannel]:
    """The rule's channels, and the one the sender names: its default where that is out of reach."""
    found = {channel.id: channel for channel in rule.channels}
    if rule.to_named_channel:
        named = [
            channel
            for channel in index.channels.values()
            if channel.name == context.get("channel") and channel.id in received.reachable_channels
        ]
        default = index.channels.get(received.default_channel or 0)
        for channel in named or ([default] if default is not None else []):
            found[channel.id] = channel
    return list(found.values())


def _worded(
    parsed: Parsed,
    context: JSONObject,
    rule: CompiledRule,
    channel: CompiledChannel,
    trace: JSONObject,
) -> Iterable[Planned]:
    is_test = parsed.received.is_test
    own, composed = _own_words(rule, channel.language), _composed(parsed)
    rendered = render_message(
        context,
        wording=choose_wording(rule, parsed.received.integration, context, channel.language),
        style=Style(
            language=channel.language,
            zone=channel.zone,
            mentions=""
            if is_test
            else fill_mentions(rule.mentions, parsed.owners.get(channel.server_id, ())),
            priority="" if is_test else rule.priority,
            has_card=rule.has_card,
            may_mention=parsed.received.may_mention and not is_test,
            notice=_test_notice(channel.language) if is_test else "",
        ),
        composed=None if own.line else composed,
        buttons=composed.buttons if composed and not is_test else (),
    )
    threading = channel.threading if rule.threading == "channel" else rule.threading
    has_reference = parsed.event is not None and parsed.event.reference is not None
    is_threaded = threading != "flat" and has_reference
    plan = Planned(rule, channel, rendered.messages, is_threaded, trace, error=rendered.error)
    yield plan
    if is_threaded and threading == "broadcast":
        yield replace(plan, is_threaded=False)


def _test_notice(language: str) -> str:
    with override(language):
        return _("**Test of the hub: nothing has happened.**")


def choose_wording(
    rule: CompiledRule, integration: Integration, context: Mapping[str, JSONValue], language: str
) -> Wording:
    """The rule's words in this language, in any language, then the integration's."""
    own = _own_words(rule, language)
    default = default_wording(integration, str(context.get("kind")), language)
    return own.or_else(default).or_else(PLAIN)


def _composed(parsed: Parsed) -> Message | None:
    """The message as the sender made it: a rule with words of its own keeps its buttons."""
    compose = parsed.received.integration.compose
    if compose is None or parsed.event is None:
        return None
    return compose(parsed.event)


def _own_words(rule: CompiledRule, language: str) -> Wording:
    return rule.wordings.get(language) or next(iter(rule.wordings.values()), Wording())
