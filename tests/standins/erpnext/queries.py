"""Lists of documents as Frappe's REST API gives them: filters, fields, order and pages."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

DEFAULT_ROWS = 20
OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda value, wanted: value == wanted,
    "!=": lambda value, wanted: value != wanted,
    "<": lambda value, wanted: value < wanted,
    ">": lambda value, wanted: value > wanted,
    "<=": lambda value, wanted: value <= wanted,
    ">=": lambda value, wanted: value >= wanted,
    "in": lambda value, wanted: value in wanted,
    "not in": lambda value, wanted: value not in wanted,
}

Document = Mapping[str, Any]


def select(documents: Iterable[Document], query: Mapping[str, str]) -> list[dict[str, Any]]:
    """The page that `query` asks for. Frappe's own defaults: the name only, 20 rows."""
    conditions = json.loads(query.get("filters", "[]"))
    alternatives = json.loads(query.get("or_filters", "[]"))
    fields = json.loads(query.get("fields", '["name"]'))
    found = [
        one
        for one in documents
        if all(_holds(one, *condition) for condition in conditions)
        and (not alternatives or any(_holds(one, *condition) for condition in alternatives))
    ]
    start = int(query.get("limit_start", "0"))
    limit = int(query.get("limit_page_length", str(DEFAULT_ROWS)))
    rows = _sorted(found, query.get("order_by", "modified desc"))[start : start + limit]
    return [{name: row.get(name) for name in fields} for row in rows]


def _holds(document: Document, field: str, operator: str, wanted: Any) -> bool:
    """As SQL: nothing compares to null."""
    value = document.get(field)
    return value is not None and OPERATORS[operator](value, wanted)


def _sorted(documents: list[Document], order: str) -> list[Document]:
    for term in reversed(order.split(",")):
        field, _, direction = term.strip().partition(" ")
        documents = sorted(
            documents, key=lambda one: str(one.get(field)), reverse=direction == "desc"
        )
    return documents
