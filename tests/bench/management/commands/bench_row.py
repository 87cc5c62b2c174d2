"""manage.py bench_row: measures one row on the database of its settings (run by scripts/bench)."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from tests.bench import (
    figures,
    row_accepted,
    row_backlog,
    row_delivered,
    row_latency,
    row_list,
    row_many_rules,
    row_parts,
    row_rules,
)
from tests.bench.figures import Figure, Options

MEASURES: Mapping[str, Callable[[Options], list[Figure]]] = {
    "accepted": row_accepted.measure,
    "delivered": row_delivered.measure,
    "latency": row_latency.measure,
    "latency-sqlite": row_latency.measure,
    "backlog": row_backlog.measure,
    "many-rules": row_many_rules.measure,
    "rules": row_rules.measure,
    "list": row_list.measure,
    "parts": row_parts.measure,
}


class Command(BaseCommand):
    help = "Measure one row of the benchmark."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("row", choices=MEASURES)
        parser.add_argument("--rounds", type=int, required=True)
        parser.add_argument("--seconds", type=float, required=True)
        parser.add_argument("--out", type=Path, required=True)

    def handle(self, *_args: Any, **options: Any) -> None:
        wanted = Options(options["rounds"], options["seconds"])
        figures.save(MEASURES[options["row"]](wanted), options["out"])
