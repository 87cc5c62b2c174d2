"""What may be wrong with rules that are each well made: two that word the same, none that sends."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

from django.utils.translation import gettext as _

from hub.models import TriggerRule


@dataclass(frozen=True, slots=True)
class Overlap:
    """Both may want to word one event for `channels`; then only `first` is posted there."""

    first: TriggerRule
    second: TriggerRule
    channels: tuple[str, ...]


def find_overlaps() -> list[Overlap]:
    """Among active rules; whether their conditions exclude each other is not looked at."""
    rules = list(
        TriggerRule.objects.filter(is_active=True)
        .select_related("source")
        .prefetch_related("channels")
        .order_by("order", "pk")
    )
    pairs = ((one, other, _shared(one, other)) for one, other in combinations(rules, 2))
    return [Overlap(one, other, shared) for one, other, shared in pairs if shared]


def warnings_of(rule: TriggerRule, overlaps: Iterable[Overlap]) -> list[str]:
    """In sentences, for the list and the form."""
    found = [sentence for one in overlaps if (sentence := _overlap_sentence(rule, one))]
    if rule.last_error:
        problem = _("Its wording failed, and a plain message was sent instead: %(error)s")
        found.insert(0, problem % {"error": rule.last_error})
    if rule.is_active and not rule.to_named_channel and not rule.channels.all():
        found.insert(0, _("It has no channel: it can hold, but sends nothing."))
    return found


def _overlap_sentence(rule: TriggerRule, overlap: Overlap) -> str:
    words = {"channels": ", ".join(overlap.channels)}
    if overlap.second.pk == rule.pk:
        words["other"] = overlap.first.name
        return (
            _(
                "Where “%(other)s” holds too, that one words the message for %(channels)s and this "
                "one is suppressed there."
            )
            % words
        )
    if overlap.first.pk == rule.pk:
        words["other"] = overlap.second.name
        return (
            _(
                "Where “%(other)s” holds too, this one words the message for %(channels)s and that "
                "one is suppressed there."
            )
            % words
        )
    return ""


def _shared(one: TriggerRule, other: TriggerRule) -> tuple[str, ...]:
    """The channels that both may post the same event to."""
    if _integration(one) != _integration(other):
        return ()
    if one.source_id and other.source_id and one.source_id != other.source_id:
        return ()
    if one.kinds and other.kinds and not set(one.kinds) & set(other.kinds):
        return ()
    theirs = {channel.pk for channel in other.channels.all()}
    return tuple(str(channel) for channel in one.channels.all() if channel.pk in theirs)


def _integration(rule: TriggerRule) -> str:
    return rule.source.integration if rule.source is not None else rule.integration
