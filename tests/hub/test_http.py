"""Outgoing HTTP: what is sent, where it may go, and what comes back."""

import gzip
from concurrent.futures import ThreadPoolExecutor

import pytest

from hub import __version__
from hub.contracts import DeliveryError
from hub.http import MAX_BODY_BYTES, open_http
from tests.hub.wire import Wire, answer, error_of


def test_a_call_has_compact_json_and_says_who_calls() -> None:
    with Wire(answer("201 Created", b'{"id":"p1"}')) as wire:
        response = wire.client(purpose="mattermost").request(
            "POST", "/posts", json={"message": "één", "props": {"n": 1}}
        )

    head, _, body = wire.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /posts HTTP/1.1\r\n")
    assert f"User-Agent: hub/{__version__} (+mattermost)".encode() in head
    assert b"Accept: application/json" in head
    assert b"Content-Type: application/json" in head
    assert b"Content-Length: 35" in head
    assert body == '{"message":"één","props":{"n":1}}'.encode()
    assert (response.status_code, response.json()) == (201, {"id": "p1"})


def test_a_relative_address_continues_the_path_of_the_base() -> None:
    with Wire(answer()) as wire:
        wire.client("/chat/").request("GET", "/api/v4/users/me?a=1", params={"b": "x y&"})

    assert wire.requests[0].startswith(b"GET /chat/api/v4/users/me?a=1&b=x+y%26 HTTP/1.1\r\n")


def test_a_path_that_looks_like_a_host_stays_at_the_base() -> None:
    with Wire(answer()) as wire:
        wire.client().request("GET", "//evil.example.test/x#here")

    assert wire.requests[0].startswith(b"GET //evil.example.test/x HTTP/1.1\r\n")


def test_headers_of_the_call_replace_those_of_the_client() -> None:
    with Wire(answer()) as wire:
        client = wire.client(headers={"X-Key": "one"})
        client.request("GET", "/", headers={"x-key": "two", "accept": "text/plain"})

    assert wire.requests[0].count(b"X-Key:") == 1
    assert b"X-Key: two" in wire.requests[0]
    assert b"Accept: text/plain" in wire.requests[0]


def test_header_names_of_the_answer_are_in_lower_case() -> None:
    with Wire(answer(x_version_id="11.10.0")) as wire:
        response = wire.client().request("GET", "/")

    assert response.headers["x-version-id"] == "11.10.0"


def test_an_empty_and_a_chunked_and_a_packed_answer_are_read() -> None:
    packed = gzip.compress(b'{"packed":true}')
    chunked = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[1,\r\n2\r\n2]\r\n0\r\n\r\n"
    )
    empty = b"HTTP/1.1 204 No Content\r\n\r\n"

    with Wire(empty, chunked, answer(body=packed, content_encoding="gzip")) as wire:
        client = wire.client()
        bodies = [client.request("GET", "/").body for _ in range(3)]

    assert bodies == [b"", b"[1,2]", b'{"packed":true}']
    assert wire.connection_count == 1


def test_cookies_are_not_kept() -> None:
    with Wire(answer(set_cookie="session=1"), answer()) as wire:
        client = wire.client()
        client.request("GET", "/")
        client.request("GET", "/")

    assert b"ookie" not in wire.requests[1]


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")

    with Wire(answer()) as wire:
        response = wire.client().request("GET", "/")

    assert response.status_code == 200


def test_many_threads_share_one_client() -> None:
    with Wire(*[answer()] * 200) as wire, ThreadPoolExecutor(16) as threads:
        client = wire.client()
        answers = list(threads.map(lambda n: client.request("POST", f"/{n}", json=n), range(200)))

    assert {one.status_code for one in answers} == {200}
    assert len({request.split()[1] for request in wire.requests}) == 200
    assert wire.connection_count <= 32


def test_an_address_that_is_not_listed_is_refused_with_the_setting_to_change() -> None:
    client = open_http("https://zammad.example.test")

    error = error_of(client, "GET", "https://evil.example.test:8443/x")

    assert str(error) == (
        "evil.example.test:8443 may not be called: add https://evil.example.test:8443 to "
        "“other addresses it may call”"
    )
    assert error.permanent


@pytest.mark.parametrize(
    "url",
    [
        "http://zammad.example.test/x",  # another scheme
        "https://zammad.example.test:444/x",
        "https://zammad.example.test@evil.example.test/x",
        "https://user:secret@zammad.example.test/x",
        "ftp://zammad.example.test/x",
        "https://[::1/x",
        "zammad.example.test/x",
        "",
    ],
)
def test_other_origins_and_odd_addresses_are_refused_for_good(url: str) -> None:
    error = error_of(open_http("https://zammad.example.test"), "GET", url)

    assert error.permanent
    assert not error.is_fate_unknown
    assert "secret" not in str(error)


def test_extra_origins_may_be_called() -> None:
    with Wire(answer()) as wire:
        client = open_http("https://mattermost.example.test", extra_origins=[f"{wire.url}/ignored"])
        response = client.request("POST", f"{wire.url}/hooks/x?y=1", body=b"{}")

    assert response.status_code == 200
    assert wire.requests[0].startswith(b"POST /hooks/x?y=1 ")


def test_metadata_addresses_are_refused_even_when_listed() -> None:
    error = error_of(open_http("http://169.254.169.254"), "GET", "/latest/meta-data")

    assert error.permanent
    assert not error.is_fate_unknown
    assert str(error).startswith("169.254.169.254 is a link-local, metadata or reserved address")


def test_a_redirect_is_not_followed_and_names_its_host() -> None:
    moved = answer("302 Found", location="https://login.example.test/sso?token=abcdefgh")

    with Wire(moved) as wire:
        error = error_of(wire.client())

    assert "redirects POST /x to login.example.test" in str(error)
    assert (error.permanent, error.status_code, error.is_fate_unknown) == (True, 302, False)
    assert len(wire.requests) == 1


def test_a_get_whose_kept_connection_was_just_closed_is_sent_again() -> None:
    with Wire(answer(), b"", answer(body=b"[]")) as wire:
        client = wire.client()
        client.request("GET", "/")
        response = client.request("GET", "/")

    assert response.body == b"[]"
    assert wire.connection_count == 2


def test_a_post_whose_kept_connection_was_just_closed_is_not_sent_again() -> None:
    with Wire(answer(), b"", answer()) as wire:
        client = wire.client()
        client.request("POST", "/", json={})
        error = error_of(client)

    assert error.is_fate_unknown
    assert len(wire.requests) == 2


def test_a_connection_closed_while_idle_is_replaced_unseen() -> None:
    with Wire(answer(connection="close"), answer()) as wire:
        client = wire.client()
        client.request("POST", "/", json={})
        wire.is_let_go.wait()
        response = client.request("POST", "/", json={})

    assert response.status_code == 200


def test_an_answer_larger_than_the_cap_is_refused() -> None:
    with Wire(answer(body=b"x" * (MAX_BODY_BYTES + 1))) as wire:
        error = error_of(wire.client(), "GET")

    assert "more than 5 MiB" in str(error)
    assert (error.permanent, error.is_fate_unknown) == (True, True)


def test_a_packed_answer_is_capped_as_unpacked() -> None:
    bomb = gzip.compress(b"0" * (MAX_BODY_BYTES * 4))

    with Wire(answer(body=bomb, content_encoding="gzip")) as wire:
        error = error_of(wire.client(), "GET")

    assert "more than 5 MiB" in str(error)


def test_an_answer_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.http.MAX_BODY_S", -1.0)

    with Wire(answer()) as wire:
        error = error_of(wire.client(), "GET")

    assert "did not answer GET /x" in str(error)
    assert error.is_fate_unknown


def test_json_that_cannot_be_written_is_refused_for_good() -> None:
    client = open_http("https://mattermost.example.test")

    with pytest.raises(DeliveryError, match="is not JSON") as caught:
        client.request("POST", "/", json={"size": float("inf")})

    assert caught.value.permanent


def test_a_token_with_a_line_break_is_a_sentence_without_the_token() -> None:
    with Wire() as wire:
        client = wire.client(headers={"Authorization": "Bearer abc\ndef"})
        error = error_of(client)

    assert str(error) == "POST /x cannot be written as HTTP: is there a line break in its token?"
    assert error.permanent
