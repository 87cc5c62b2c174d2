"""Finding a ticket by what people type: `ZD#74001`, `74001`, `#23`, `TASK-2025-…`."""

import re
from collections.abc import Iterator

from django.db.models import QuerySet

from hub import registry
from hub.models import Reference
from hub.sql import is_postgresql

MAX_FOUND = 200  # references of one look-up: more is no answer to “where is it?”
LAST_CHARACTER = "\U0010ffff"
LITERAL_START = re.compile(r"(?:[\w#/:@ -]|\\[#/:@ .-])+")  # of a pattern, before its first class


def find_references(typed: str) -> QuerySet[Reference]:
    """The references that are called so, else those that begin so; newest first.

    Both go through the index reference_by_display.
    """
    names = list(dict.fromkeys(_candidates(typed.strip())))
    found = Reference.objects.filter(display__in=names)
    if not found.exists():
        found = _beginning_with(names)
    return found.order_by("-pk")


def find_reference_ids(typed: str) -> list[int]:
    return list(find_references(typed).values_list("pk", flat=True)[:MAX_FOUND])


def _candidates(typed: str) -> Iterator[str]:
    """What may be meant: as typed, in capitals, and with the prefix of each system."""
    if not typed:
        return
    yield typed
    yield typed.upper()
    if typed[0].isdigit():
        yield from (prefix + typed for prefix in _prefixes())


def _prefixes() -> Iterator[str]:
    """`ZD#` of `ZD#\\d+`."""
    for integration in registry.all_integrations():
        pattern = integration.reference_pattern
        start = LITERAL_START.match(pattern)
        if start and "\\d" in pattern:
            yield re.sub(r"\\(.)", r"\1", start[0])


def _beginning_with(names: list[str]) -> QuerySet[Reference]:
    found = Reference.objects.none()
    for name in names:
        found |= Reference.objects.filter(**_prefix_lookup(name))
    return found


def _prefix_lookup(name: str) -> dict[str, str]:
    """SQLite uses its index for a range only; in PostgreSQL a range depends on the locale."""
    if is_postgresql():
        return {"display__startswith": name}
    return {"display__gte": name, "display__lt": name + LAST_CHARACTER}
