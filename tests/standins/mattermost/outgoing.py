"""The requests that Mattermost sends itself: their limits, and how Go writes their bodies."""

import asyncio
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import requests

MAX_ANSWER_BYTES = 1024 * 1024  # the rest is cut off, which breaks JSON
CHUNK_BYTES = 65_536
CALLS = ThreadPoolExecutor(32, "standin-call")  # a call that waits its turn would time out there
USER_AGENT = "Mattermost-Bot/1.1"
GO_ESCAPES = str.maketrans(
    {mark: f"\\u{ord(mark):04x}" for mark in "<>&\N{LINE SEPARATOR}\N{PARAGRAPH SEPARATOR}"}
)


class CallError(Exception):
    """The other side could not be reached, or said nothing in time."""


@dataclass(frozen=True, slots=True)
class CallAnswer:
    status: int
    content_type: str
    body: bytes


async def send(
    method: str,
    url: str,
    *,
    body: bytes = b"",
    headers: Mapping[str, str],
    timeout_s: float,
) -> CallAnswer:
    """Redirects are followed, as Go does. Raises CallError."""
    all_headers = {"Accept": "application/json", "User-Agent": USER_AGENT, **headers}
    request = requests.Request(method, url, headers=all_headers, data=body)
    try:
        call = asyncio.get_running_loop().run_in_executor(CALLS, _send, request, timeout_s)
        return await asyncio.wait_for(call, timeout_s)
    except (requests.RequestException, TimeoutError, ValueError) as error:
        raise CallError(f"{url}: {error}") from error


def encode_as_go(value: object) -> bytes:
    """JSON as Go writes it: no spaces, and the marks of HTML escaped."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.translate(GO_ESCAPES).encode("utf-8", "replace")


def _send(request: requests.Request, timeout_s: float) -> CallAnswer:
    with requests.Session() as session:
        session.trust_env = False
        session.headers.clear()
        session.headers["Accept-Encoding"] = "gzip"
        prepared = session.prepare_request(request)
        with session.send(prepared, stream=True, timeout=timeout_s) as response:
            body = _read(response)
        content_type = response.headers.get("Content-Type", "")
        return CallAnswer(response.status_code, content_type, body)


def _read(response: requests.Response) -> bytes:
    body = b""
    for chunk in response.iter_content(CHUNK_BYTES):
        body += chunk
        if len(body) >= MAX_ANSWER_BYTES:
            break
    return body[:MAX_ANSWER_BYTES]
