"""All systems of the platform talking at once: the traffic of each stand-in, in turn."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import count, cycle

from tests.standins import erpnext, n8n, redmine
from tests.standins.git.traffic import traffic as git_traffic
from tests.standins.outgoing import OutgoingRequest
from tests.standins.redmine import Site
from tests.standins.stories import Request

# Zammad speaks every other time: its stories are the ones a newcomer is told about.
ORDER = ("zammad", "n8n", "zammad", "redmine", "zammad", "git", "zammad", "erpnext")


@dataclass(frozen=True)
class Setting:
    """Where the stories play: the systems that can be answered."""

    site: Site | None = None
    n8n_address: str = n8n.URL


def requests_of(
    integration: str, secret: str, first_number: int, setting: Setting
) -> Iterator[Request]:
    """Without end. `first_number` rises from start to start, so that nothing is told twice."""
    outgoing: Mapping[str, Iterator[OutgoingRequest]] = {
        "redmine": redmine.traffic(secret, first_id=first_number, site=setting.site),
        "git": git_traffic(secret, first_number),
        "erpnext": erpnext.traffic(secret, first_number=first_number),
        "n8n": n8n.traffic(secret, first_number, setting.n8n_address),
    }
    for number, one in zip(count(1), outgoing[integration], strict=False):
        yield Request(
            integration=integration,
            name=f"sample {number}",
            query=one.query,
            headers=one.headers,
            body=one.body,
        )


def play(
    next_of_zammad: Callable[[], Request],
    hooks: Collection[str],
    *,
    secret: str,
    first_number: int,
    setting: Setting = Setting(),
) -> Iterator[Request]:
    """Zammad's stories, and between them every other system that has a hook."""
    others = {
        name: requests_of(name, secret, first_number, setting)
        for name in ("redmine", "git", "erpnext", "n8n")
        if name in hooks
    }
    for name in cycle(ORDER):
        if name in others:
            yield next(others[name])
        elif name == "zammad":
            yield next_of_zammad()
