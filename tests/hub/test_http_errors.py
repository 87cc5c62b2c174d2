"""What the error of an outgoing call says, and what it must not tell."""

from datetime import timedelta

import pytest

from hub.http import open_http
from tests.hub.wire import Wire, answer, error_of


@pytest.mark.parametrize(
    ("status", "permanent", "is_fate_unknown"),
    [
        ("400 Bad Request", True, False),
        ("401 Unauthorized", True, False),
        ("403 Forbidden", True, False),
        ("404 Not Found", True, False),
        ("408 Request Timeout", False, False),
        ("413 Content Too Large", True, False),
        ("425 Too Early", False, False),
        ("429 Too Many Requests", False, False),
        ("500 Internal Server Error", False, True),
        ("501 Not Implemented", False, True),
        ("502 Bad Gateway", False, True),
        ("503 Service Unavailable", False, True),
        ("504 Gateway Timeout", False, True),
        ("599 ", False, True),
    ],
)
def test_a_status_says_whether_to_try_again(
    status: str, permanent: bool, is_fate_unknown: bool
) -> None:
    with Wire(answer(status, b"why")) as wire:
        error = error_of(wire.client())

    assert (error.permanent, error.is_fate_unknown) == (permanent, is_fate_unknown)
    assert error.status_code == int(status[:3])
    assert error.response_excerpt == "why"
    assert f"answered {status[:3]}" in str(error)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "7"}, 7),
        ({"retry_after": "0"}, 0),
        ({"retry_after": "-5"}, 0),
        ({"retry_after": "2.5"}, 2.5),
        ({"retry_after": "99999999999999999999"}, 3600),
        ({"retry_after": "nan"}, None),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "Wed, 01 Jan 2020 00:00:00 GMT"}, 0),
        ({"retry_after": "Mon, 01 Jan 2080 00:00:00 GMT"}, 3600),
        ({"x_ratelimit_reset": "9, 4"}, 4),
        ({"x_ratelimit_reset": "4102444800"}, 3600),
        ({"retry_after": "3", "x_ratelimit_reset": "8"}, 3),
        ({}, None),
    ],
)
def test_the_wish_to_wait_is_read_in_all_its_forms(
    headers: dict[str, str], seconds: float | None
) -> None:
    with Wire(answer("429 Too Many Requests", b"", **headers)) as wire:
        error = error_of(wire.client())

    expected = None if seconds is None else timedelta(seconds=seconds)
    assert error.retry_after == expected


def test_the_rate_limit_header_of_other_answers_is_no_wish_to_wait() -> None:
    with Wire(answer("503 Service Unavailable", x_ratelimit_reset="8")) as wire:
        error = error_of(wire.client())

    assert error.retry_after is None


def test_a_refused_connection_is_certainly_not_carried_out() -> None:
    with Wire() as wire:
        port = wire.port

    error = error_of(open_http(f"http://127.0.0.1:{port}"))

    assert str(error) == f"127.0.0.1:{port} refuses connections on port {port}"
    assert (error.permanent, error.is_fate_unknown) == (False, False)


def test_an_unknown_name_is_certainly_not_carried_out() -> None:
    error = error_of(open_http("http://nowhere.invalid"))

    assert str(error) == "nowhere.invalid is a name that cannot be resolved"
    assert (error.permanent, error.is_fate_unknown) == (False, False)


def test_a_server_that_does_not_answer_leaves_the_fate_unknown() -> None:
    with Wire(Wire.SILENCE) as wire:
        error = error_of(wire.client())

    assert str(error) == f"127.0.0.1:{wire.port} did not answer POST /x within 0.2 s"
    assert (error.permanent, error.is_fate_unknown) == (False, True)


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        Wire.RESET,
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\n{}",
        b"SSH-2.0-example\r\nConnection: close\r\n",
        answer(body=b"no gzip", content_encoding="gzip"),
    ],
)
def test_half_an_answer_leaves_the_fate_unknown(broken: bytes) -> None:
    with Wire(broken) as wire:
        error = error_of(wire.client())

    assert (error.permanent, error.is_fate_unknown) == (False, True)
    assert "broke the connection off" in str(error)
    assert len(wire.requests) == 1


def test_the_sentence_shows_no_secret_of_the_address() -> None:
    with Wire(answer("404 Not Found")) as wire:
        error = error_of(wire.client(), "POST", "/hooks/abcdefghijklmnopqrstuvwxyz?key=s3cret")

    assert str(error) == f"127.0.0.1:{wire.port} answered 404 Not Found to POST /hooks/…"


def test_the_excerpt_is_short_and_repeats_no_credential() -> None:
    told = b'{"message":"application/json: abcdefghijklmnopqrstuvwxyz, T0psecretT0ken, \x00"}'
    headers = {"Authorization": "Bearer T0psecretT0ken"}

    with Wire(answer("400 Bad Request", told + b"x" * 40_000)) as wire:
        client = wire.client(headers=headers)
        error = error_of(client, "POST", "/hooks/abcdefghijklmnopqrstuvwxyz")

    assert error.response_excerpt.startswith('{"message":"application/json: •••••, •••••, �"}')
    assert len(error.response_excerpt) == 2_000


def test_an_error_without_its_whole_body_keeps_its_status() -> None:
    cut = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 99\r\nConnection: close\r\n\r\n<html>"

    with Wire(cut) as wire:
        error = error_of(wire.client())

    assert error.status_code == 502
