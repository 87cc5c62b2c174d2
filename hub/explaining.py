"""Why a rule does or does not hold for a stored event: the pipeline's own code, asked again."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from django.utils import timezone
from django.utils.translation import gettext as _

from hub import registry
from hub.calming import calm
from hub.conditions import Check, CompiledConditions, Verdict, compile_conditions
from hub.context import build_context
from hub.contracts import (
    Actor,
    ExternalReference,
    InboundRequest,
    JSONObject,
    ParsedEvent,
    Severity,
)
from hub.cross_references import link_references
from hub.earlier import load_earlier
from hub.echoes import drop_echoes
from hub.matching import Parsed, Planned, Received, match_event, parse_event, subject_of
from hub.mentions import mentions_owner
from hub.models import Event, TriggerRule, WebhookToken
from hub.owners import with_owners
from hub.restraints import Place, find_withholding, load_restraints
from hub.rules import ANY_KIND, CompiledChannel, CompiledRule, RuleIndex, compile_rule
from hub.views import source_view


@dataclass(frozen=True, slots=True)
class Explanation:
    """`obstacle` says why the rule is not even asked; else `checks` are all of its conditions."""

    holds: bool
    obstacle: str = ""
    checks: tuple[Check, ...] = ()
    restraints: tuple[str, ...] = ()  # what would keep its message back at this moment


@dataclass(frozen=True, slots=True)
class Recalled:
    """A stored event as the rules would see it today, and what was before it."""

    parsed: Parsed
    previous: JSONObject | None = None
    title: str = ""

    @property
    def context(self) -> JSONObject:
        """Empty for an event that could not be understood."""
        received, event = self.parsed.received, self.parsed.event
        if event is None:
            return {}
        return build_context(event, received.request, received.source_name)


def recall(row: Event, *, with_previous: bool = True) -> Recalled | None:
    """None when the integration of its source is gone.

    What was looked up at the source then is taken from the row: nothing is asked again.
    """
    received = _received(row)
    if received is None:
        return None
    parsed = parse_event(received) if row.body else Parsed(received, _from_row(row), row.note)
    if parsed.event is not None and row.is_enriched:
        parsed = replace(parsed, event=_enriched(parsed.event, row))
    [parsed] = drop_echoes([parsed])
    [parsed] = link_references([parsed])
    return Recalled(parsed, load_earlier(row) if with_previous else None, str(row))


def explain(event: Event, rule: TriggerRule) -> Explanation:
    """Every condition of a stored rule against a stored event, as both are today."""
    recalled = recall(event)
    if recalled is None:
        return Explanation(False, _("the integration of its source is not installed"))
    explanation = explain_compiled(recalled, rule, compile_rule(rule).conditions)
    return replace(explanation, restraints=find_restraints(recalled, rule, timezone.now()))


def find_restraints(recalled: Recalled, rule: TriggerRule, now: datetime) -> tuple[str, ...]:
    """Silences, outages, maintenance and quiet hours, each with the channels it concerns."""
    event, compiled = recalled.parsed.event, compile_rule(rule)
    if event is None:
        return ()
    subject, restraints = subject_of(recalled.parsed), load_restraints(now)
    found: dict[str, list[str]] = {}
    for channel in compiled.channels:
        place = Place(compiled.id, channel.id, channel.zone)
        withheld = find_withholding(restraints, subject, place, now)
        source_id = recalled.parsed.received.source_id
        calming = calm(compiled, channel, event, source_id=source_id, now=now)
        reason = withheld.reason if withheld is not None else calming.waits_for
        if reason:
            found.setdefault(reason, []).append(f"~{channel.name}")
    return tuple(f"{', '.join(names)}: {reason}" for reason, names in found.items())


def explain_compiled(
    recalled: Recalled, rule: TriggerRule, conditions: CompiledConditions
) -> Explanation:
    """As `explain`, for a rule that need not be stored."""
    checks = tuple(
        one.check(recalled.context, _changed(recalled), recalled.previous)
        for one in conditions.conditions
    )
    obstacle = find_obstacle(recalled.parsed, rule)
    return Explanation(not obstacle and _evaluate(recalled, conditions).holds, obstacle, checks)


def find_obstacle(parsed: Parsed, rule: TriggerRule) -> str:
    """Why the rule is not asked about the event; empty when it is."""
    received, event = parsed.received, parsed.event
    if event is None:
        return _("the event could not be understood: %(note)s") % {"note": parsed.note}
    if event.ignored_because:
        return _("the event is ignored: %(reason)s") % {"reason": event.ignored_because}
    if not received.is_source_active:
        return _("the source is switched off")
    if not rule.is_active:
        return _("the rule is switched off")
    return _find_scope_obstacle(received, event, rule)


def find_failing(recalled: Recalled, rule: TriggerRule) -> str:
    """The condition that does not hold today, in words; empty when the rule holds."""
    verdict = _evaluate(recalled, compile_rule(rule).conditions)
    failing = [one for one in verdict.checks if not one.holds]
    if verdict.holds or not failing:
        return ""
    words = {"path": failing[-1].path, "actual": failing[-1].actual or "–"}
    return _("its condition does not hold: %(path)s is %(actual)s") % words


def rehearse(
    recalled: Recalled, rule: CompiledRule, channels: Mapping[int, CompiledChannel]
) -> tuple[Planned, ...]:
    """What the rule would send where, whether or not it holds. Nothing is stored or sent."""
    always = replace(rule, conditions=compile_conditions([]), source_id=None)
    received, event = recalled.parsed.received, recalled.parsed.event
    if event is None:
        return ()
    key = (received.integration.name, ANY_KIND)
    awake = replace(recalled.parsed, received=replace(received, is_source_active=True))
    told = replace(awake, event=replace(event, ignored_because=""))
    if mentions_owner(rule.mentions):
        [told] = with_owners([told])
    return match_event(told, RuleIndex(rules={key: (always,)}, channels=channels)).planned


def _find_scope_obstacle(received: Received, event: ParsedEvent, rule: TriggerRule) -> str:
    if rule.source is not None and rule.source_id != received.source_id:
        return _("the rule is about the source “%(source)s” only") % {"source": rule.source}
    if rule.source is None and rule.integration != received.integration.name:
        return _("the rule is about %(name)s") % {"name": rule.get_integration_display()}
    if rule.kinds and not set(rule.kinds) & set(event.kinds):
        words = {"kinds": ", ".join(rule.kinds), "kind": ", ".join(event.kinds)}
        return _("the rule is about %(kinds)s, the event is %(kind)s") % words
    return ""


def _evaluate(recalled: Recalled, conditions: CompiledConditions) -> Verdict:
    return conditions.evaluate(recalled.context, _changed(recalled), recalled.previous)


def _changed(recalled: Recalled) -> tuple[str, ...]:
    return recalled.parsed.event.changed if recalled.parsed.event is not None else ()


def _received(row: Event) -> Received | None:
    integration = registry.get(row.source.integration)
    if integration is None:
        return None
    received = Received(
        event_id=row.pk,
        source_id=row.source_id,
        source_name=row.source.name,
        integration=integration,
        source=replace(source_view(row.source), http=None),  # nobody is asked
        request=request_of(row),
        is_source_active=row.source.is_active,
        is_test=row.is_test,
    )
    return received if row.token is None else _with_rights(received, row.token)


def request_of(row: Event) -> InboundRequest:
    """The request as it was stored."""
    return InboundRequest(
        method="POST",
        body=bytes(row.body),
        headers=row.headers,
        query=row.query,
        received_at=row.received_at,
        event_hint=row.event_hint,
        is_polled=row.is_polled,
    )


def _with_rights(received: Received, token: WebhookToken) -> Received:
    """What the token lets its sender do."""
    reachable = {channel.pk for channel in token.allowed_channels.all()}
    if token.default_channel_id is not None:
        reachable.add(token.default_channel_id)
    return replace(
        received,
        may_mention=token.may_mention,
        reachable_channels=frozenset(reachable),
        default_channel=token.default_channel_id,
    )


def _from_row(row: Event) -> ParsedEvent | None:
    """What is left of an event when its body has been pruned."""
    if not row.kinds:
        return None
    reference = row.reference
    return ParsedEvent(
        kinds=tuple(row.kinds),
        title=row.title,
        reference=ExternalReference(reference.external_id, reference.display)
        if reference is not None
        else None,
        url=row.url,
        actor=Actor(row.actor) if row.actor else None,
        severity=cast(Severity, row.severity),
        is_private=row.is_private,
        data=row.data,
        ignored_because=row.note if row.state == Event.State.IGNORED else "",
    )


def _enriched(event: ParsedEvent, row: Event) -> ParsedEvent:
    return replace(
        event,
        kinds=tuple(row.kinds) or event.kinds,
        title=row.title,
        is_private=row.is_private,
        data=row.data,
        is_enriched=True,
    )
