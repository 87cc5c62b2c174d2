"""Which addresses are never called, and that the socket itself is checked."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hub.addresses import (
    MAX_IDLE_S,
    GuardedConnection,
    GuardedPool,
    NotConnectedError,
    is_forbidden,
    open_socket,
)
from tests.hub.wire import Wire, answer

METADATA = "169.254.169.254"
Resolver = Callable[..., list[Any]]


def resolving_to(*rounds: list[str]) -> Resolver:
    """getaddrinfo that gives another answer for the name at each look-up."""
    coming: Iterator[list[str]] = iter(rounds)
    real = socket.getaddrinfo

    def getaddrinfo(host: str, *arguments: Any, **options: Any) -> list[Any]:
        found = next(coming) if host == "chat.example.test" else [host]
        return [one for address in found for one in real(address, *arguments, **options)]

    return getaddrinfo


@pytest.mark.parametrize(
    "address",
    [
        METADATA,
        "169.254.0.1",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "0.0.0.0",  # noqa: S104  # forbidden is the point
        "0.1.2.3",
        "224.0.0.1",
        "239.255.255.250",
        "255.255.255.255",
        "::",
        "fe80::1%eth0",
        "ff02::1",
        "fd00:ec2::254",
        "fd20:ce::254",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
    ],
)
def test_metadata_link_local_and_multicast_addresses_are_forbidden(address: str) -> None:
    assert is_forbidden(address)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "::1", "10.0.0.5", "172.16.3.4", "192.168.1.1", "fd12::1", "203.0.113.9"],
)
def test_private_loopback_and_public_addresses_are_allowed(address: str) -> None:
    assert not is_forbidden(address)


def test_a_name_with_one_forbidden_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolving_to(["127.0.0.1", METADATA]))

    with Wire() as wire, pytest.raises(NotConnectedError) as caught:
        open_socket("chat.example.test", wire.port, timeout=1)

    assert caught.value.is_forbidden
    assert wire.connection_count == 0


def test_a_name_is_resolved_once_for_the_check_and_the_socket(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolving_to(["127.0.0.1"], [METADATA]))

    with Wire() as wire, open_socket("chat.example.test", wire.port, timeout=1) as opened:
        peer = opened.getpeername()[0]

    assert peer == "127.0.0.1"


def test_the_next_address_of_a_name_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolving_to(["127.0.0.2", "127.0.0.1"]))

    with Wire() as wire, open_socket("chat.example.test", wire.port, timeout=1) as opened:
        peer = opened.getpeername()[0]

    assert peer == "127.0.0.1"


def test_a_connection_that_was_idle_for_long_is_opened_anew() -> None:
    with Wire(answer(), answer()) as wire, GuardedPool("127.0.0.1", wire.port) as pool:
        pool.urlopen("GET", "/")
        connection = pool._get_conn()
        assert isinstance(connection, GuardedConnection)
        pool._put_conn(connection)
        connection.idle_since -= MAX_IDLE_S + 1

        pool.urlopen("GET", "/")

    assert wire.connection_count == 2
