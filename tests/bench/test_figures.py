"""The table: what is judged, and how it is written down."""

from pathlib import Path

import pytest

from tests.bench.figures import Figure, in_turn, load, percentile, save, table
from tests.bench.page import BEGIN, END, write_page


@pytest.mark.parametrize(
    ("figure", "verdict"),
    [
        (Figure("row", "what", rounds=(590, 610, 650), at_least=600), "pass"),
        (Figure("row", "what", rounds=(590, 595, 650), at_least=600), "**miss**"),
        (Figure("row", "what", rounds=(14, 15, 90), at_most=15), "pass"),
        (Figure("row", "what", rounds=(16,), at_most=15), "**miss**"),
        (Figure("row", "what", rounds=(16,)), ""),
        (Figure("row", "what", note="no admin"), "skipped"),
        (Figure("row", "what", has_failed=True), "failed"),
    ],
)
def test_median_of_the_rounds_is_judged(figure: Figure, verdict: str) -> None:
    assert figure.verdict == verdict


def test_ratio_is_of_rounds_taken_in_turn() -> None:
    figure = Figure("row", "what", rounds=(80, 40, 90), limits=(100, 50, 100), at_least=0.75)

    assert figure.ratios == (0.8, 0.8, 0.9)
    assert figure.verdict == "pass"


def test_table_shows_noise_limit_and_need() -> None:
    figure = Figure("row", "what", "/s", (900, 1000, 1200), (2000,) * 3, "bare", at_least=0.5)

    line = table([figure]).splitlines()[2]

    cells = "| row | what | 1,000 /s (900–1,200) | bare: 2,000 (2,000–2,000) "
    assert line == cells + "| 0.50 × (0.45–0.60) | ≥ 0.5 × | pass |"


def test_measures_run_in_turn() -> None:
    order: list[str] = []

    def measure(name: str) -> float:
        order.append(name)
        return len(order)

    found = in_turn(2, {"a": lambda: measure("a"), "b": lambda: measure("b")})

    assert order == ["a", "b", "a", "b"]
    assert found == {"a": [1, 3], "b": [2, 4]}


def test_percentile_is_a_value_that_was_measured() -> None:
    assert percentile([5, 1, 4, 2, 3], 0.5) == 3
    assert percentile([5, 1, 4, 2, 3], 0.99) == 5


def test_figures_survive_the_way_between_processes(tmp_path: Path) -> None:
    figure = Figure("row", "what", "ms", (1.5, 2.0), (3.0, 4.0), "bare", at_most=0.6)

    save([figure], tmp_path / "figures.json")

    assert load(tmp_path / "figures.json") == [figure]


def test_page_keeps_its_words_and_the_last_table(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text(f"Before\n{BEGIN}\nold\n{END}\nAfter\n")

    write_page({"machine": "2 cores"}, [Figure("row", "what", rounds=(1,))], page)

    written = page.read_text()
    assert written.startswith(f"Before\n{BEGIN}\n- machine: 2 cores\n")
    assert written.endswith(f"{END}\nAfter\n")
    assert "old" not in written
