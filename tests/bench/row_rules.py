"""Row: 10,000 rules against 10; the time it takes to match one event, without a database."""

import itertools
from collections.abc import Iterable
from functools import partial

from hub import registry
from hub.contracts import InboundRequest, SourceView
from hub.matching import Parsed, Received, match_event, parse_event
from hub.models import Channel, Condition, Event, Source, TriggerRule
from hub.rules import RuleIndex, load_rules
from tests.bench.configured import ticket_body
from tests.bench.figures import Figure, Options, in_turn
from tests.bench.timing import microseconds
from tests.factories import NOON, make_channel, make_source

FEW, MANY = 10, 10_000
SYSTEMS = ("zammad", "redmine", "git", "erpnext", "n8n")
SOURCES_EACH = 4
KINDS = ("ticket.created", *(f"kind.{number}" for number in range(1, 10)))


def measure(options: Options) -> list[Figure]:
    channel, sources = make_channel(), _make_sources()
    places = list(itertools.product(KINDS, sources))
    few = _index(channel, places, FEW, version=1)
    many = _index(channel, places, MANY, version=2)
    crowded = _index(channel, places[:1], MANY, version=3)
    parsed = _parsed(sources[0])
    measures = {
        name: partial(_microseconds, parsed, index)
        for name, index in {"few": few, "many": many, "crowded": crowded}.items()
    }
    found = in_turn(options.rounds, measures)
    places_text = f"{len(SYSTEMS)} systems × {SOURCES_EACH} sources × {len(KINDS)} kinds"
    return [
        Figure(
            "rules",
            f"{MANY:,} rules, one holds; per event",
            "µs",
            tuple(found["many"]),
            tuple(found["few"]),
            f"{FEW} rules",
            at_most=1.25,
            note=f"spread evenly over {places_text}: {MANY // len(places)} are about its own",
        ),
        Figure(
            "rules",
            "all of them on one kind of one source",
            "µs",
            tuple(found["crowded"]),
            tuple(found["few"]),
            f"{FEW} rules",
        ),
    ]


def _make_sources() -> list[Source]:
    return [
        make_source(system, f"{system} {number}")
        for system in SYSTEMS
        for number in range(SOURCES_EACH)
    ]


def _index(
    channel: Channel, places: list[tuple[str, Source]], count: int, version: int
) -> RuleIndex:
    """`count` rules over the places in turn; the first of them holds."""
    TriggerRule.objects.all().delete()
    rules = TriggerRule.objects.bulk_create(
        TriggerRule(name=f"rule {number}", kinds=[kind], source=source, order=number)
        for number, (kind, source) in zip(range(count), itertools.cycle(places), strict=False)
    )
    Condition.objects.bulk_create(_conditions(rules))
    through = TriggerRule.channels.through
    through.objects.bulk_create(
        through(triggerrule_id=rule.pk, channel_id=channel.pk) for rule in rules
    )
    return load_rules(version)


def _conditions(rules: Iterable[TriggerRule]) -> Iterable[Condition]:
    for number, rule in enumerate(rules):
        wanted = f"Customer {number}" if number else "Klant BV"
        yield Condition(rule=rule, path="organization", operator="equals", value=wanted)


def _parsed(source: Source) -> Parsed:
    integration = registry.get("zammad")
    if integration is None:
        raise LookupError("the row needs integrations/zammad")
    headers = {"content-type": "application/json"}
    body = ticket_body(is_fixed=True).encode()
    request = InboundRequest(method="POST", body=body, headers=headers, received_at=NOON)
    view = SourceView(name=source.name)
    return parse_event(Received(1, source.pk, source.name, integration, view, request))


def _microseconds(parsed: Parsed, index: RuleIndex) -> float:
    if match_event(parsed, index).state != Event.State.MATCHED:
        raise AssertionError("no rule holds")
    return microseconds(partial(match_event, parsed, index))
