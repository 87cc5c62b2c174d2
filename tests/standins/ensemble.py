"""All systems of the platform talking at once: the traffic of each stand-in, in turn."""

from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import count, cycle

from tests.standins import erpnext, n8n, redmine
from tests.standins.git.traffic import traffic as git_traffic
from tests.standins.redmine import Site
from tests.standins.stories import Request

# Zammad speaks every other time: its stories are the ones a newcomer is told about.
ORDER = ("zammad", "redmine", "zammad", "git", "zammad", "erpnext", "zammad", "n8n")


def requests_of(
    integration: str, secret: str, first_number: int, site: Site | None = None
) -> Iterator[Request]:
    """Without end. `first_number` rises from start to start, so that nothing is told twice."""
    outgoing: Mapping[str, Iterator[object]] = {
        "redmine": redmine.traffic(secret, first_id=first_number, site=site),
        "git": git_traffic(secret, first_number),
        "erpnext": erpnext.traffic(secret, first_number=first_number),
        "n8n": n8n.traffic(secret, first_number),
    }
    for number, one in zip(count(1), outgoing[integration], strict=False):
        yield Request(
            integration=integration,
            name=f"sample {number}",
            query=str(getattr(one, "query", "")),
            headers=one.headers,  # type: ignore[attr-defined]  # each stand-in has its own record
            body=one.body,  # type: ignore[attr-defined]
        )


def play(
    next_of_zammad: Callable[[], Request],
    hooks: Collection[str],
    *,
    secret: str,
    first_number: int,
    site: Site | None = None,
) -> Iterator[Request]:
    """Zammad's stories, and between them every other system that has a hook.

    `site` holds the Redmine that is told about.
    """
    others = {
        name: requests_of(name, secret, first_number, site)
        for name in ("redmine", "git", "erpnext", "n8n")
        if name in hooks
    }
    for name in cycle(ORDER):
        if name in others:
            yield next(others[name])
        elif name == "zammad":
            yield next_of_zammad()
