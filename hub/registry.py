"""What is plugged in: integrations and the destination, by name. Knows no system."""

from collections.abc import Iterator

from hub.contracts import Integration
from hub.destinations import Destination

_integrations: dict[str, Integration] = {}
_destinations: dict[str, Destination] = {}


def register(plugged: Integration | Destination) -> None:
    """Make one available under its name. Raises ValueError for a name that is taken."""
    table: dict[str, Integration] | dict[str, Destination]
    table = _integrations if isinstance(plugged, Integration) else _destinations
    known = table.get(plugged.name)
    if known is not None and known is not plugged:
        raise ValueError(f"two integrations are called {plugged.name!r}")
    table[plugged.name] = plugged  # type: ignore[assignment]  # the table of its own sort


def get(name: str) -> Integration | None:
    """None when its folder was deleted: rows of it stay readable."""
    return _integrations.get(name)


def all_integrations() -> Iterator[Integration]:
    yield from sorted(_integrations.values(), key=lambda integration: integration.label)


def choices() -> list[tuple[str, str]]:
    return [(integration.name, integration.label) for integration in all_integrations()]


def kind_choices() -> list[tuple[str, str]]:
    """Every declared kind of every integration, each once."""
    kinds = {kind: text for one in all_integrations() for kind, text in one.kinds.items()}
    return sorted((kind, f"{kind}: {text}") for kind, text in kinds.items())


def destination(name: str = "mattermost") -> Destination:
    """Raises LookupError when no such destination is plugged in."""
    return _destinations[name]
