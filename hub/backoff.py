"""How long to wait before the next attempt: one pure function, tested as a table."""

from datetime import timedelta

from hub.contracts import DeliveryError

DELAYS = (  # eight attempts over about a day
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(hours=16),
)
JITTER = 0.2  # of the delay, either way: retries of a burst spread out
MAX_RETRY_AFTER = timedelta(hours=1)


def retry_delay(attempt: int, *, error: DeliveryError, jitter: float) -> timedelta | None:
    """The wait after attempt number `attempt` (from 1) failed; None: no more attempts.

    `jitter` is a random number in [-1, 1). What the other side asked for is a lower bound.
    """
    if error.permanent or attempt > len(DELAYS):
        return None
    if error.retry_after is not None:
        return min(error.retry_after, MAX_RETRY_AFTER) * (1 + JITTER * abs(jitter))
    return DELAYS[attempt - 1] * (1 + JITTER * jitter)
