"""Row: webhooks accepted per second, against a view that does nothing but one INSERT."""

from dataclasses import dataclass, field
from functools import partial

from tests.bench.configured import SIGNING_SECRET, configure, ticket_body
from tests.bench.figures import Figure, Options, in_turn
from tests.bench.ground import Web, generate, web
from tests.bench.load import Load
from tests.bench.usage import Meter

WARM_UP_S = 1.0
SHORTER = 8  # times, and as many more rounds: by chance a process has most of the connections
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
        meter = Meter({"web": self.web})
        load = Load(self.web.port, self.path, self.body, self.secret, seconds=seconds)
        outcome = generate(load)
        self.used_us.append(sum(meter.used().values()) / outcome.count * 1e6)
        return outcome.per_second

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
            options.rounds * SHORTER,
            {
                name: partial(view.per_second, options.seconds / SHORTER)
                for name, view in views.items()
            },
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
