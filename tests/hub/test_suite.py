"""What scripts/test reports at its end."""

import pytest

from tests.suite import SUMMARY, Tally, both


@pytest.mark.parametrize(
    "line",
    [
        "=========== 6 passed, 2 skipped, 2956 deselected in 76.91s (0:01:16) ===========",
        "6 passed, 2 skipped in 0.29s",
    ],
)
def test_the_last_line_of_pytest_is_recognised(line: str) -> None:
    assert SUMMARY.match(line)


def test_runs_are_added_up_in_the_form_of_pytest() -> None:
    tally = Tally()
    tally.add("1 failed, 20 passed, 1 skipped, 3 warnings", 1)
    tally.add("22 passed, 900 deselected, 1 error", 1)

    line = tally.line(61.5)

    assert line.strip("= ") == "1 failed, 1 error, 42 passed, 1 skipped, 3 warnings in 61.50s"
    assert SUMMARY.match(line)


@pytest.mark.parametrize(("code", "has_failed"), [(0, False), (5, False), (1, True), (2, True)])
def test_only_success_and_an_empty_choice_are_no_failure(code: int, has_failed: bool) -> None:
    tally = Tally()

    tally.add("", code)

    assert tally.has_failed is has_failed


def test_a_run_that_broke_off_counts_as_an_error() -> None:
    tally = Tally()

    tally.add("", 3)

    assert tally.line(1).strip("= ") == "1 error in 1.00s"


def test_markers_of_the_caller_narrow_those_of_a_part() -> None:
    assert both("cluster and not live", "not slow") == "(cluster and not live) and (not slow)"
    assert both("cluster", "") == "cluster"


@pytest.mark.usefixtures("db")
def test_what_asks_the_database_is_run_on_each(request: pytest.FixtureRequest) -> None:
    assert request.node.get_closest_marker("database")


def test_what_asks_no_database_is_run_once(request: pytest.FixtureRequest) -> None:
    assert not request.node.get_closest_marker("database")
