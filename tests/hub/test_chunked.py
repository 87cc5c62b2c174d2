"""Bodies whose length nobody says, through the real web server: they come in chunks."""

import http.client
import json
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from hub.models import Event, Refusal
from tests.factories import make_source, make_token, zammad_body

CHUNK_BYTES = 1000


@pytest.fixture
def hook(hub_url: str) -> str:
    _row, text = make_token(make_source())
    return f"{hub_url}/hooks/{text}"


def post_in_chunks(url: str, body: bytes) -> int:
    """The status that is answered."""
    address = urlsplit(url)
    headers = {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}
    with closing(http.client.HTTPConnection(address.netloc, timeout=30)) as connection:
        connection.request("POST", address.path, _chunks(body), headers, encode_chunked=True)
        return connection.getresponse().status


def _chunks(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), CHUNK_BYTES):
        yield body[start : start + CHUNK_BYTES]


def test_a_body_in_chunks_is_stored_whole(hook: str) -> None:
    body = json.dumps(zammad_body(title="x" * 10_000)).encode()

    status = post_in_chunks(hook, body)

    assert status == 202
    assert bytes(Event.objects.get().body) == body


def test_a_body_in_chunks_is_known_again(hook: str) -> None:
    body = json.dumps(zammad_body()).encode()
    post_in_chunks(hook, body)

    status = post_in_chunks(hook, body)

    assert status == 200
    assert Event.objects.get().duplicate_count == 1


def test_too_much_in_chunks_is_413_with_its_size(hook: str) -> None:
    body = b'{"a": "' + b"x" * (settings.HUB_MAX_BODY_BYTES + 100_000) + b'"}'

    status = post_in_chunks(hook, body)

    assert status == 413
    assert Refusal.objects.get().size == len(body)
    assert not Event.objects.exists()


def test_garbage_in_chunks_is_400(hook: str) -> None:
    assert post_in_chunks(hook, b"<html>" * 500) == 400
