"""A bound on requests per key and minute, in this process."""

import threading
import time
from collections.abc import Callable

MAX_KEYS = 10_000  # addresses and tokens remembered; the table is emptied beyond it


class Throttle:
    """A token bucket per key: `per_minute()` in a burst, refilled evenly. 0 means no bound."""

    def __init__(self, per_minute: Callable[[], int]) -> None:
        self._per_minute = per_minute
        self._buckets: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def allows(self, key: str) -> bool:
        limit = self._per_minute()
        if not limit:
            return True
        now = time.monotonic()
        with self._lock:
            if len(self._buckets) > MAX_KEYS:
                self._buckets.clear()
            left, at = self._buckets.get(key, (float(limit), now))
            left = min(float(limit), left + (now - at) * limit / 60)
            self._buckets[key] = (left - 1 if left >= 1 else left, now)
        return left >= 1
