"""Figures: what was measured, against which limit, and whether that is enough."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True, slots=True)
class Options:
    """How long to measure."""

    rounds: int = 3
    seconds: float = 6.0


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. `at_least` and `at_most` are of the ratio where there is a limit."""

    row: str
    what: str
    unit: str = ""
    rounds: tuple[float, ...] = ()
    limits: tuple[float, ...] = ()  # measured in turn with the rounds, one for each
    limit_name: str = ""
    at_least: float | None = None
    at_most: float | None = None
    beside: str = ""  # stands in the limit's place where there is none
    note: str = ""  # why it was skipped, where there are no rounds
    has_failed: bool = False

    @property
    def value(self) -> float:
        return median(self.rounds)

    @property
    def ratios(self) -> tuple[float, ...]:
        return tuple(one / limit for one, limit in zip(self.rounds, self.limits, strict=True))

    @property
    def verdict(self) -> str:
        if not self.rounds:
            return "failed" if self.has_failed else "skipped"
        judged = median(self.ratios) if self.limits else self.value
        if self.at_least is not None:
            return "pass" if judged >= self.at_least else "**miss**"
        if self.at_most is not None:
            return "pass" if judged <= self.at_most else "**miss**"
        return ""

    def cells(self) -> tuple[str, ...]:
        if not self.rounds:
            return (self.row, self.what, self.note, "", "", "", self.verdict)
        against = f"{self.limit_name}: {_spread(self.limits, '')}" if self.limits else self.beside
        return (
            self.row,
            self.what,
            _spread(self.rounds, self.unit),
            against,
            _spread(self.ratios, "×") if self.limits else "",
            self._needed(),
            self.verdict,
        )

    def _needed(self) -> str:
        unit = " ×" if self.limits else f" {self.unit}".rstrip()
        if self.at_least is not None:
            return f"≥ {self.at_least:g}{unit}"
        return f"≤ {self.at_most:g}{unit}" if self.at_most is not None else ""


HEADINGS = ("row", "what", "measured (min–max)", "against", "ratio", "needed", "")


def table(figures: Iterable[Figure]) -> str:
    """Markdown, and the footnotes below it."""
    figures = list(figures)
    rows = [HEADINGS, ("---",) * len(HEADINGS), *(figure.cells() for figure in figures)]
    lines = ["| " + " | ".join(cells) + " |" for cells in rows]
    notes = [f"- {one.row}, {one.what}: {one.note}" for one in figures if one.rounds and one.note]
    return "\n".join([*lines, "", *notes]).rstrip() + "\n"


def in_turn(rounds: int, measures: Mapping[str, Callable[[], float]]) -> dict[str, list[float]]:
    """A B A B …: whatever else the machine does hits all of them alike."""
    found: dict[str, list[float]] = {name: [] for name in measures}
    for _round in range(rounds):
        for name, measure in measures.items():
            found[name].append(measure())
    return found


def percentile(values: Iterable[float], share: float) -> float:
    """The value that `share` of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def save(figures: Iterable[Figure], path: Path) -> None:
    path.write_text(json.dumps([asdict(figure) for figure in figures]))


def load(path: Path) -> list[Figure]:
    return [
        Figure(**one | {"rounds": tuple(one["rounds"]), "limits": tuple(one["limits"])})
        for one in json.loads(path.read_text())
    ]


def _spread(values: tuple[float, ...], unit: str) -> str:
    shown = f"{_short(median(values))}{' ' if unit else ''}{unit}"
    if len(values) == 1:
        return shown
    return f"{shown} ({_short(min(values))}–{_short(max(values))})"


def _short(value: float) -> str:
    if value >= 100 or value == 0:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
