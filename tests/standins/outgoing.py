"""What a stand-in sends to the address of a webhook: the bytes and headers as they leave it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class OutgoingRequest:
    """`forge` and `event` are known of git's requests only."""

    body: bytes
    headers: Mapping[str, str]
    query: str = ""
    forge: str = ""
    event: str = ""
