"""Rules compiled once per configuration and indexed, so that most are never looked at."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.utils import timezone

from hub import registry
from hub.conditions import CompiledConditions, compile_conditions, texts_at
from hub.contracts import JSONValue
from hub.mentions import mentions_owner
from hub.models import Channel, TriggerRule
from hub.models.quiet import QuietTime
from hub.restraints import Restraint, load_restraints
from hub.windows import QuietHours
from hub.wording import Wording

ANY_KIND = "*"
FEW_RULES = 20  # are all asked, so that the trace says why each of them does not hold


@dataclass(frozen=True, slots=True)
class CompiledChannel:
    """What matching needs to know of a channel."""

    id: int
    name: str
    server_id: int
    language: str
    zone: str
    threading: str
    is_cleared_for_private: bool
    is_paused: bool
    quiet: QuietHours | None = None


@dataclass(frozen=True, slots=True)
class PressRules:
    """Who may press the buttons of a rule's messages, how many people, and how long."""

    audience: str = "everybody"
    usernames: str = ""
    is_members_only: bool = False
    presses_needed: int = 1
    hours: int = 168


@dataclass(frozen=True, slots=True)
class CompiledRule:
    id: int
    name: str
    order: int
    source_id: int | None
    conditions: CompiledConditions
    channels: tuple[CompiledChannel, ...]
    to_named_channel: bool
    mentions: str
    priority: str
    threading: str
    reaction: str
    has_card: bool
    wordings: Mapping[str, Wording]  # by language
    repeat_minutes: int = 0
    group_seconds: int = 0
    quiet: QuietHours | None = None
    pressing: PressRules = PressRules()

    @property
    def is_calming(self) -> bool:
        return bool(self.repeat_minutes or self.group_seconds or self.quiet)


@dataclass(frozen=True, slots=True)
class Shelf:
    """All rules about an event, in the order that decides the wording.

    Where there are many, most name one exact value of a field, such as a customer or a queue; the
    event's own value then leads to the few that can hold.
    """

    rules: tuple[CompiledRule, ...]
    others: tuple[CompiledRule, ...]  # that name no exact value
    by_value: Mapping[str, Mapping[str, tuple[CompiledRule, ...]]]  # field, value

    def worth_asking(self, context: Mapping[str, JSONValue]) -> tuple[CompiledRule, ...]:
        """Every rule that can hold, and no more than needed of the others."""
        if len(self.rules) <= FEW_RULES:
            return self.rules
        found = list(self.others)
        for path, rules in self.by_value.items():
            for text in texts_at(context, path):
                found += rules.get(text, ())
        return tuple(sorted(found, key=_order))


@dataclass(frozen=True, slots=True)
class RuleIndex:
    """Active rules by (integration, kind), and channels by name for senders that name one."""

    version: int = 0
    rules: Mapping[tuple[str, str], tuple[CompiledRule, ...]] = field(default_factory=dict)
    channels: Mapping[int, CompiledChannel] = field(default_factory=dict)
    needs_previous: bool = False  # some condition asks what has changed
    needs_owners: bool = False  # some rule mentions the ticket's owner
    restraints: tuple[Restraint, ...] = ()
    _shelves: dict[tuple[str, tuple[str, ...], int], Shelf] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )  # one per combination that occurs

    def shelf(self, integration: str, kinds: tuple[str, ...], source_id: int) -> Shelf:
        """The rules that are about such an event."""
        key = (integration, kinds, source_id)
        found = self._shelves.get(key)
        if found is None:
            about = [self.rules.get((integration, kind), ()) for kind in (*kinds, ANY_KIND)]
            rules = [rule for some in about for rule in some]
            found = make_shelf(rule for rule in rules if rule.source_id in (None, source_id))
            self._shelves[key] = found
        return found


def make_shelf(rules: Iterable[CompiledRule]) -> Shelf:
    """Of `rules` each once, however often it is given."""
    once = tuple(sorted({rule.id: rule for rule in rules}.values(), key=_order))
    others: list[CompiledRule] = []
    by_value: dict[str, dict[str, tuple[CompiledRule, ...]]] = {}
    for rule in once:
        if (needed := rule.conditions.needed_text()) is None:
            others.append(rule)
        else:
            path, text = needed
            values = by_value.setdefault(path, {})
            values[text] = (*values.get(text, ()), rule)
    return Shelf(once, tuple(others), by_value)


def _order(rule: CompiledRule) -> tuple[int, int]:
    return rule.order, rule.id


def load_rules(version: int) -> RuleIndex:
    """Every active rule from the database; a handful of queries however many there are."""
    channels = {channel.pk: _compiled_channel(channel) for channel in Channel.objects.all()}
    index: dict[tuple[str, str], list[CompiledRule]] = defaultdict(list)
    needs_previous = needs_owners = False
    rows = TriggerRule.objects.filter(is_active=True).select_related("source")
    for row in rows.prefetch_related("conditions", "texts", "channels"):
        needs_previous |= any(one.operator == "changed" for one in row.conditions.all())
        needs_owners |= mentions_owner(row.mentions)
        rule = _compiled_rule(row, channels)
        integration = row.source.integration if row.source is not None else row.integration
        for kind in row.kinds or [ANY_KIND]:
            index[integration, kind].append(rule)
    return RuleIndex(
        version=version,
        rules={key: tuple(rules) for key, rules in index.items()},
        channels=channels,
        needs_previous=needs_previous,
        needs_owners=needs_owners,
        restraints=load_restraints(timezone.now()),
    )


def compile_rule(row: TriggerRule) -> CompiledRule:
    """One rule by itself, for the preview and the explanation in the admin."""
    return _compiled_rule(row, {one.pk: _compiled_channel(one) for one in row.channels.all()})


def _compiled_rule(row: TriggerRule, channels: Mapping[int, CompiledChannel]) -> CompiledRule:
    conditions = [(one.path, one.operator, one.value) for one in row.conditions.all()]
    return CompiledRule(
        id=row.pk,
        name=row.name,
        order=row.order,
        source_id=row.source_id,
        conditions=compile_conditions(conditions, "any" if row.grouping == "any" else "all"),
        channels=tuple(channels[one.pk] for one in row.channels.all()),
        to_named_channel=row.to_named_channel,
        mentions=row.mentions,
        priority=row.priority,
        threading=row.threading,
        reaction=row.reaction.strip(":"),
        has_card=row.has_card,
        wordings={
            text.language: Wording(text.line, text.title, text.body, text.fields)
            for text in row.texts.all()
        },
        repeat_minutes=row.repeat_minutes,
        group_seconds=row.group_seconds,
        quiet=quiet_hours(row),
        pressing=PressRules(
            audience=row.press_audience,
            usernames=row.press_usernames,
            is_members_only=row.is_press_members_only,
            presses_needed=row.presses_needed,
            hours=row.press_hours,
        ),
    )


def _compiled_channel(row: Channel) -> CompiledChannel:
    return CompiledChannel(
        id=row.pk,
        name=row.name,
        server_id=row.server_id,
        language=row.language,
        zone=row.zone,
        threading=row.threading,
        is_cleared_for_private=row.is_cleared_for_private,
        is_paused=row.is_paused,
        quiet=quiet_hours(row),
    )


def quiet_hours(row: QuietTime) -> QuietHours | None:
    """None: never quiet."""
    if row.quiet_from is None or row.quiet_until is None:
        return None
    days, urgent = frozenset(row.quiet_days), row.does_urgent_pass
    return QuietHours(row.quiet_from, row.quiet_until, days, row.quiet_afterwards, urgent)


def integration_label(name: str) -> str:
    integration = registry.get(name)
    return integration.label if integration is not None else name
