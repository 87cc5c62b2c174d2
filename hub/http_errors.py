"""What went wrong with an outgoing call, as the DeliveryError that an operator reads."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import responses
from math import isfinite, nan

import requests
from urllib3.exceptions import ProtocolError
from urllib3.exceptions import TimeoutError as PoolTimeoutError
from urllib3.util import parse_url

from hub.addresses import NotConnectedError
from hub.contracts import UNSTORABLE, DeliveryError, HttpResponse
from hub.secrets import MASK, mask_secrets

MAX_EXCERPT_CHARS = 2_000  # what an attempt keeps of an answer
MAX_RETRY_AFTER = timedelta(hours=1)
WORTH_REPEATING = frozenset({408, 425, 429})  # beside 5xx: the request itself may be fine
TOO_MANY_REQUESTS = 429
LONGEST_PERIOD_S = 10_000_000  # a larger X-RateLimit-Reset is a time, not a period
SECRET_SEGMENT = re.compile(r"(?<=/)[A-Za-z0-9_-]{16,}(?=/|$)")  # hook ids, tokens, UUIDs
PLAIN_HEADERS = frozenset({"Accept", "Content-Length", "Content-Type", "User-Agent"})
MIN_SECRET_CHARS = 8  # shorter words of a header are words like "Bearer"


@dataclass(frozen=True, slots=True)
class Call:
    """What may be said of a call: never its query, nor a part of its path that may be a secret."""

    method: str
    host: str
    target: str
    headers: Mapping[str, str]
    read_timeout_s: float

    def __str__(self) -> str:
        path = self.target.partition("?")[0]
        return f"{self.method} {mask_secrets(SECRET_SEGMENT.sub('…', path))}"

    def excerpt(self, body: bytes) -> str:
        """The beginning of an answer without what it repeats of our credentials."""
        text = UNSTORABLE.sub("�", body.decode(errors="replace"))
        for secret in self._secrets():
            text = text.replace(secret, MASK)
        return mask_secrets(text)[:MAX_EXCERPT_CHARS]

    def _secrets(self) -> list[str]:
        path, _, query = self.target.partition("?")
        own = [value for name, value in self.headers.items() if name not in PLAIN_HEADERS]
        words = [word for value in own for word in value.split()]
        words += SECRET_SEGMENT.findall(path)
        words += [pair.partition("=")[2] for pair in query.split("&")]
        long = (word for word in words if len(word) >= MIN_SECRET_CHARS)
        return sorted(long, key=len, reverse=True)


def refusal(call: Call, answer: HttpResponse, *, now: datetime) -> DeliveryError:
    """For an answer with any status but 2xx.

    After a 5xx nobody knows what was done: a proxy may have lost a success.
    """
    status_code, headers = answer.status_code, answer.headers
    permanent = status_code < 500 and status_code not in WORTH_REPEATING
    answered = f"{status_code} {responses.get(status_code, '')}".strip()
    sentence = f"{call.host} answered {answered} to {call}"
    if 300 <= status_code < 400:
        sentence = f"{call.host} redirects {call} to {_location_host(headers)}: correct the address"
    return DeliveryError(
        sentence,
        permanent=permanent,
        retry_after=None if permanent else retry_after(headers, status_code=status_code, now=now),
        status_code=status_code,
        response_excerpt=call.excerpt(answer.body),
        is_fate_unknown=status_code >= 500,
    )


def failure(call: Call, error: Exception) -> DeliveryError:
    """No complete answer. Only what certainly was not sent has a known fate."""
    cause = _not_connected(error)
    if cause is not None:
        return DeliveryError(f"{call.host} {cause}", permanent=cause.is_forbidden)
    if isinstance(error, requests.ConnectTimeout):
        return DeliveryError(f"{call.host} does not answer")
    if isinstance(error, requests.Timeout | PoolTimeoutError):
        sentence = f"{call.host} did not answer {call} within {call.read_timeout_s:g} s"
        return DeliveryError(sentence, is_fate_unknown=True)
    sentence = f"{call.host} broke the connection off before it had answered {call}"
    return DeliveryError(sentence, is_fate_unknown=True)


def is_broken_off(error: requests.ConnectionError) -> bool:
    """Did an established connection end without an answer?"""
    cause = error.args[0] if error.args else None
    return isinstance(cause, ProtocolError) and _not_connected(error) is None


def retry_after(headers: Mapping[str, str], *, status_code: int, now: datetime) -> timedelta | None:
    """What the other side asks us to wait: Retry-After as seconds or as a date, at most an hour;
    with 429 also X-RateLimit-Reset, seconds (Mattermost) or Unix time (GitHub)."""
    wait = _wait(headers.get("retry-after", ""), now)
    if wait is None and status_code == TOO_MANY_REQUESTS:
        # Mattermost's limiter may write the header twice: the last one counts.
        wait = _wait(headers.get("x-ratelimit-reset", "").rpartition(",")[2].strip(), now)
    return wait


def _wait(value: str, now: datetime) -> timedelta | None:
    seconds = _seconds(value, now)
    if not isfinite(seconds):
        return None
    return timedelta(seconds=min(max(seconds, 0.0), MAX_RETRY_AFTER.total_seconds()))


def _seconds(value: str, now: datetime) -> float:
    """A period, a Unix time or a date of HTTP, in seconds from now; NaN for anything else."""
    with suppress(ValueError):
        number = float(value)
        return number - now.timestamp() if number > LONGEST_PERIOD_S else number
    with suppress(ValueError, OverflowError):
        moment = parsedate_to_datetime(value)
        return (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds()
    return nan


def _location_host(headers: Mapping[str, str]) -> str:
    try:
        return parse_url(headers.get("location", "")).host or "another path"
    except ValueError:
        return "an address that cannot be read"


def _not_connected(error: BaseException | None) -> NotConnectedError | None:
    """requests and urllib3 wrap what happened, each once."""
    while error is not None and not isinstance(error, NotConnectedError):
        error = error.__cause__ or error.__context__
    return error
