"""What a changed rule would have done with the last stored events. Nothing is stored or sent."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from hub.admin.rule_drafts import Draft, recent_events
from hub.explaining import Recalled, explain_compiled, recall, rehearse
from hub.models import Event, TriggerRule
from hub.rules import CompiledRule, compile_rule

BACKTESTED_EVENTS = 200
LISTED_EVENTS = 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the rule as it is in the form, and as it is stored, say about one event."""

    event: Event
    holds: bool
    held: bool
    is_same: bool = True  # the messages too

    @property
    def is_gained(self) -> bool:
        return self.holds and not self.held

    @property
    def is_lost(self) -> bool:
        return self.held and not self.holds

    @property
    def is_reworded(self) -> bool:
        return self.holds and self.held and not self.is_same


@dataclass(frozen=True, slots=True)
class Backtest:
    outcomes: Sequence[Outcome]

    @property
    def total(self) -> int:
        return len(self.outcomes)

    @property
    def holding(self) -> int:
        return sum(one.holds for one in self.outcomes)

    @property
    def held(self) -> int:
        return sum(one.held for one in self.outcomes)

    @property
    def gained(self) -> list[Outcome]:
        return self._those(lambda one: one.is_gained)

    @property
    def lost(self) -> list[Outcome]:
        return self._those(lambda one: one.is_lost)

    @property
    def reworded(self) -> list[Outcome]:
        return self._those(lambda one: one.is_reworded)

    def _those(self, is_meant: Callable[[Outcome], bool]) -> list[Outcome]:
        return [one for one in self.outcomes if is_meant(one)]


def backtest(draft: Draft) -> Backtest:
    """Over the last events of what the rule is about."""
    stored = TriggerRule.objects.filter(pk=draft.rule.pk).select_related("source").first()
    before = compile_rule(stored) if stored is not None else None
    return Backtest([_compare(one, draft, stored, before) for one in _events(draft, stored)])


def _events(draft: Draft, stored: TriggerRule | None) -> Iterable[Event]:
    """Of the kinds that either version is about."""
    kinds = {*draft.rule.kinds, *(stored.kinds if stored is not None else ())}
    is_about_all = not draft.rule.kinds or (stored is not None and not stored.kinds)
    return recent_events(draft.rule, BACKTESTED_EVENTS, () if is_about_all else kinds)


def _compare(
    event: Event, draft: Draft, stored: TriggerRule | None, before: CompiledRule | None
) -> Outcome:
    recalled = recall(event)
    if recalled is None:
        return Outcome(event, holds=False, held=False)
    holds = explain_compiled(recalled, draft.rule, draft.compiled.conditions).holds
    if stored is None or before is None:
        return Outcome(event, holds, held=False)
    held = explain_compiled(recalled, stored, before.conditions).holds
    is_same = not (holds and held) or (
        _messages(recalled, draft.compiled, draft) == _messages(recalled, before, draft)
    )
    return Outcome(event, holds, held, is_same)


def _messages(recalled: Recalled, rule: CompiledRule, draft: Draft) -> list[object]:
    planned = rehearse(recalled, rule, draft.index.channels)
    return [(one.channel.id, one.messages, one.reason) for one in planned]
