"""Keeps the last run's table in docs/performance.md, between its two marks."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.bench.figures import Figure, table
from tests.bench.paths import ROOT

PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- scripts/bench --write: begin -->", "<!-- scripts/bench --write: end -->"


def write_page(facts: Mapping[str, str], found: Iterable[Figure], page: Path = PAGE) -> None:
    text = page.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{_facts(facts)}\n{table(found)}{END}{after}")


def _facts(facts: Mapping[str, str]) -> str:
    return "\n".join(f"- {name}: {value}" for name, value in facts.items()) + "\n"
