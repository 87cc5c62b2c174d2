"""What can go wrong on purpose: faults to order, and Mattermost's optional rate limiter."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypedDict, get_args

from hub.contracts import JSONObject
from tests.standins.mattermost.decoding import flag_of, text_of
from tests.standins.mattermost.errors import ApiError
from tests.standins.mattermost.state import new_id
from tests.standins.serving import Request, Response

FaultKind: TypeAlias = Literal[
    "status", "html502", "timeout", "reset_after_store", "reset_before", "rate_limit", "slow"
]
KINDS: tuple[str, ...] = get_args(FaultKind)
DEFAULT_RETRY_AFTER_S = 1

BAD_GATEWAY_PAGE = b"""<html>
<head><title>502 Bad Gateway</title></head>
<body>
<center><h1>502 Bad Gateway</h1></center>
<hr><center>proxy</center>
</body>
</html>
"""


class FaultOptions(TypedDict, total=False):
    status: int
    retry_after: int | None
    delay_ms: int
    path: str  # a regular expression, searched for
    method: str
    after_store: bool


@dataclass(slots=True)
class Fault:
    """`count` None lasts until cleared; `after_store` lets the request be carried out first."""

    kind: str
    count: int | None = 1
    status: int = 503
    retry_after: int | None = None
    delay_ms: int = 0
    path: str = ""
    method: str = ""
    after_store: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no fault {self.kind!r}: choose from {', '.join(KINDS)}")
        re.compile(self.path)
        if self.kind == "reset_after_store":
            self.after_store = True

    def concerns(self, request: Request) -> bool:
        is_method = self.method in ("", request.method)
        return is_method and re.search(self.path, request.path) is not None

    def response(self) -> Response:
        """What is answered instead, for the kinds that answer."""
        if self.kind == "html502":
            return Response(502, BAD_GATEWAY_PAGE, "text/html")
        if self.kind == "rate_limit":
            return limit_exceeded(self.retry_after or DEFAULT_RETRY_AFTER_S)
        response = ApiError("standin.fault.app_error", self.status).response(
            new_id(), has_detail=False
        )
        if self.retry_after is not None:
            response.headers["Retry-After"] = str(self.retry_after)
        return response


def fault_from(wish: JSONObject) -> Fault:
    """A fault as the control API is asked for it. Raises ValueError."""
    numbers: dict[str, int] = {}
    for name in ("status", "delay_ms"):
        value = wish.get(name)
        if value is not None:
            numbers[name] = int(str(value))
    count, retry_after = wish.get("count", 1), wish.get("retry_after")
    return Fault(
        text_of(wish, "kind"),
        None if count is None else int(str(count)),
        retry_after=None if retry_after is None else int(str(retry_after)),
        path=text_of(wish, "path"),
        method=text_of(wish, "method"),
        after_store=flag_of(wish, "after_store"),
        **numbers,
    )


class Faults:
    """The faults that are still due, in the order they were set."""

    def __init__(self) -> None:
        self._due: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self._due.append(fault)

    def clear(self) -> None:
        self._due.clear()

    def take(self, request: Request) -> Fault | None:
        """The first that concerns this request, one less of it left."""
        for fault in self._due:
            if fault.concerns(request):
                self._count_down(fault)
                return fault
        return None

    def _count_down(self, fault: Fault) -> None:
        if fault.count is not None:
            fault.count -= 1
            if fault.count <= 0:
                self._due.remove(fault)


class Limiter:
    """Mattermost's limiter: a leaky bucket (GCRA) whose headers are on every answer."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._full_at = 0.0  # when the bucket will have run empty again

    def check(self, per_second: int, burst: int) -> tuple[dict[str, str], Response | None]:
        """The headers for this answer, and the refusal if it is refused."""
        now, interval = self._clock(), 1 / per_second
        capacity = interval * (burst + 1)
        full_at = max(self._full_at, now) + interval
        wait = full_at - capacity - now
        if wait <= 0:
            self._full_at = full_at
        used = max(0.0, self._full_at - now)
        headers = {
            "X-RateLimit-Limit": str(burst + 1),
            "X-RateLimit-Remaining": str(int((capacity - used) / interval)),
            "X-RateLimit-Reset": str(math.ceil(used)),
        }
        return headers, limit_exceeded(math.ceil(wait)) if wait > 0 else None


def limit_exceeded(retry_after_s: int) -> Response:
    """Not the JSON envelope: the limiter sits in front of it."""
    headers = {"Retry-After": str(retry_after_s)}
    return Response(429, b"limit exceeded\n", "text/plain; charset=utf-8", headers)
