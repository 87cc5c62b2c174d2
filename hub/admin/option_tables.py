"""Options that are tables, such as the prefixes of document names: edited row by row."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.http import QueryDict
from django.utils.translation import gettext as _

from hub.admin.option_list import meaning_of
from hub.contracts import Integration, JSONObject, JSONValue
from hub.models import Source

SPARE_ROWS: Final = 3
MAX_CHARS: Final = 140


@dataclass(frozen=True, slots=True)
class ShownTable:
    """`usual` is what counts where no row says else; `problem` why it was not saved."""

    name: str
    meaning: str
    columns: tuple[str, str]
    rows: tuple[tuple[str, str], ...]
    usual: Mapping[str, str]
    problem: str = ""


def stored_tables(source: Source, integration: Integration) -> list[ShownTable]:
    return [
        _table(name, integration, _pairs(source.options.get(name)))
        for name in integration.option_tables
    ]


def posted_tables(posted: QueryDict, integration: Integration) -> list[ShownTable]:
    tables = []
    for name in integration.option_tables:
        keys, values = posted.getlist(f"{name}_key"), posted.getlist(f"{name}_value")
        pairs = [(key.strip(), value.strip()) for key, value in zip(keys, values, strict=False)]
        rows = [pair for pair in pairs if any(pair)]
        tables.append(_table(name, integration, rows, _find_problem(rows)))
    return tables


def save_tables(source: Source, tables: list[ShownTable]) -> None:
    """An empty table is no option: the usual ones count."""
    options = dict(source.options)
    for table in tables:
        rows: JSONObject = {key: value for key, value in table.rows if key}
        options.pop(table.name, None)
        options |= {table.name: rows} if rows else {}
    source.options = options
    source.save(update_fields=["options"])


def _table(
    name: str, integration: Integration, rows: list[tuple[str, str]], problem: str = ""
) -> ShownTable:
    table = integration.option_tables[name]
    spare = [("", "")] * SPARE_ROWS
    meaning = meaning_of(integration, name)
    return ShownTable(name, meaning, table.columns, (*rows, *spare), table.usual, problem)


def _find_problem(rows: list[tuple[str, str]]) -> str:
    for key, value in rows:
        if not key or not value:
            return _("“%(word)s” stands alone: fill in both columns.") % {"word": key or value}
        if max(len(key), len(value)) > MAX_CHARS:
            return _("“%(word)s…” is too long.") % {"word": key[:20]}
    if len({key.upper() for key, _value in rows}) < len(rows):
        return _("The same word twice.")
    return ""


def _pairs(value: JSONValue) -> list[tuple[str, str]]:
    return [(key, str(text)) for key, text in value.items()] if isinstance(value, dict) else []
