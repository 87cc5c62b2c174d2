"""Every row that scripts/bench offers can be measured, and every profile be read."""

import json
from pathlib import Path

from tests.bench.__main__ import ROWS
from tests.bench.management.commands.bench_row import MEASURES
from tests.bench.sampler import report


def test_every_row_has_its_measure() -> None:
    assert set(MEASURES) == set(ROWS)


def test_profile_adds_up_the_processes_of_a_program(tmp_path: Path) -> None:
    samples = {"own": {"hub/sql.py:update_rows": 0.3}, "below": {"hub/sql.py:update_rows": 0.3}}
    (tmp_path / "worker.1.json").write_text(json.dumps(samples))
    (tmp_path / "worker.2.json").write_text(json.dumps({"own": {"a.py:b": 0.1}, "below": {}}))

    text = report(tmp_path, lines=2)

    assert text.startswith("worker: 0.4 s of processor time\n")
    assert "75.0%  hub/sql.py:update_rows" in text
