"""Row: webhooks accepted per second, against a view that does nothing but one INSERT."""

from dataclasses import dataclass, field
from functools import partial

from tests.bench.configured import SIGNING_SECRET, configure, ticket_body
from tests.bench.figures import Figure, Options, in_turn
from tests.bench.ground import Web, generate, web
from tests.bench.load import Load
from tests.bench.usage import Meter

WARM_UP_S = 1.0
PARTS = 8  # of a round: by chance a process gets most of 8 kept-alive connections, or few
NEEDED = 0.75


@dataclass
class Accepting:
    """One of the views under full load, and the processor time it takes for each request."""

    web: Web
    path: str
    body: str
    secret: str = ""
    used_us: list[float] = field(default_factory=list)

    def per_second(self, seconds: float) -> float:
        """Each part of a round has connections of its own."""
        meter = Meter({"web": self.web})
        load = Load(self.web.port, self.path, self.body, self.secret, seconds=seconds / PARTS)
        outcomes = [generate(load) for _part in range(PARTS)]
        count = sum(outcome.count for outcome in outcomes)
        self.used_us.append(sum(meter.used().values()) / count * 1e6)
        return count / sum(outcome.took_s for outcome in outcomes)

    def warm_up(self) -> None:
        self.per_second(WARM_UP_S)
        self.used_us.clear()


def measure(options: Options) -> list[Figure]:
    path, body = configure().path, ticket_body(is_fixed=True)
    with web() as hub, web("tests.bench.settings", "bare") as bare:
        views = {
            "raw": Accepting(bare, "/hooks/bare-raw", body),
            "hub": Accepting(hub, path, body, SIGNING_SECRET),
            "orm": Accepting(bare, "/hooks/bare-orm", body),
        }
        for view in views.values():
            view.warm_up()
        found = in_turn(
            options.rounds,
            {name: partial(view.per_second, options.seconds) for name, view in views.items()},
        )
    return _figures(found, views)


def _figures(found: dict[str, list[float]], views: dict[str, Accepting]) -> list[Figure]:
    hub, raw, orm = (tuple(found[name]) for name in ("hub", "raw", "orm"))
    used, bare = tuple(views["hub"].used_us), tuple(views["raw"].used_us)
    what = "webhooks with token, size, signature and dedup"
    name = "bare view, one raw INSERT"
    return [
        Figure("accepted", what, "/s", hub, raw, name, at_least=NEEDED),
        Figure("accepted", "the same", "/s", hub, orm, "bare view, ORM create()"),
        Figure("accepted", "processor time each, web and PostgreSQL", "µs", used, bare, name),
    ]
