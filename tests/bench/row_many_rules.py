"""Row: delivered and accepted per second with 1,000 rules loaded, against 100 of them."""

from functools import partial

from hub.models import ConfigVersion, TriggerRule
from tests.bench.configured import RULE_COUNT, SIGNING_SECRET, add_rules, configure, ticket_body
from tests.bench.figures import Figure, Options, in_turn
from tests.bench.ground import destination, web, worker
from tests.bench.load import Load
from tests.bench.row_delivered import Through, count_delivered

ROW = "many-rules"
MANY = 1_000
NEEDED = 0.9  # of what a few rules allow


def measure(options: Options) -> list[Figure]:
    with destination() as came:
        path = configure(came.url).path
        more = add_rules(MANY)
        with web() as hub_web, worker():
            load = Load(hub_web.port, path, ticket_body(), SIGNING_SECRET, seconds=options.seconds)
            few, many = (Through(load, came, count_delivered) for _number in range(2))
            found = in_turn(
                options.rounds,
                {
                    "few": partial(_measure_with, few, more, is_active=False),
                    "many": partial(_measure_with, many, more, is_active=True),
                },
            )
    name = f"{RULE_COUNT} rules"
    delivered = tuple(found["many"]), tuple(found["few"])
    accepted = tuple(many.accepted), tuple(few.accepted)
    return [
        Figure(ROW, f"delivered: {MANY:,} rules", "/s", *delivered, name, at_least=NEEDED),
        Figure(ROW, "accepted meanwhile", "/s", *accepted, name, at_least=NEEDED),
    ]


def _measure_with(through: Through, rule_ids: list[int], *, is_active: bool) -> float:
    """The rules are read again by the first events, which are not measured."""
    TriggerRule.objects.filter(pk__in=rule_ids).update(is_active=is_active)
    ConfigVersion.bump()
    through.warm_up()
    return through.measure()
