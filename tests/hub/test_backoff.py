"""The retry schedule as a table."""

from datetime import timedelta

import pytest

from hub.backoff import DELAYS, retry_delay
from hub.contracts import DeliveryError

TEMPORARY = DeliveryError("503", status_code=503)


@pytest.mark.parametrize(
    ("attempt", "seconds"),
    [(1, 5), (2, 30), (3, 120), (4, 900), (5, 3600), (6, 21600), (7, 57600)],
)
def test_a_temporary_error_is_retried_later_and_later(attempt: int, seconds: int) -> None:
    assert retry_delay(attempt, error=TEMPORARY, jitter=0) == timedelta(seconds=seconds)


def test_eight_attempts_span_about_a_day() -> None:
    assert timedelta(hours=20) < sum(DELAYS, timedelta()) < timedelta(hours=28)


def test_the_eighth_failure_is_the_last() -> None:
    assert retry_delay(8, error=TEMPORARY, jitter=0) is None


def test_a_permanent_error_is_not_retried() -> None:
    assert retry_delay(1, error=DeliveryError("403", permanent=True), jitter=0) is None


@pytest.mark.parametrize(("jitter", "seconds"), [(-1, 4), (1, 6)])
def test_jitter_moves_the_delay_by_a_fifth(jitter: float, seconds: int) -> None:
    assert retry_delay(1, error=TEMPORARY, jitter=jitter) == timedelta(seconds=seconds)


@pytest.mark.parametrize("jitter", [-1, 1])
def test_what_the_other_side_asks_for_is_the_least_wait(jitter: float) -> None:
    error = DeliveryError("429", retry_after=timedelta(seconds=100))

    assert retry_delay(1, error=error, jitter=jitter) == timedelta(seconds=120)


def test_an_absurd_retry_after_is_capped_at_an_hour() -> None:
    error = DeliveryError("429", retry_after=timedelta(days=30))

    assert retry_delay(1, error=error, jitter=0) == timedelta(hours=1)
