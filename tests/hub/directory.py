"""A system whose users are known to the test, for what asks sources who somebody is."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from hub import registry
from hub.contracts import (
    DeliveryError,
    ExternalReference,
    Identity,
    InboundRequest,
    Integration,
    ParsedEvent,
    SourceView,
)
from hub.destinations import ChatUser
from hub.tickets import Account, Note, Ticket, Written

DIRECTORY = "directory"
A_DAY = timedelta(days=1, seconds=1)


@dataclass
class Directory:
    """Who has an account, by e-mail; what was asked; and whether it answers."""

    accounts: dict[str, Account] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    is_down: bool = False

    def add(self, email: str, external_id: str, login: str = "", name: str = "") -> None:
        self.accounts[email] = Account(external_id, login or email, email, name)

    def find_account(self, _source: SourceView, email: str) -> Account | None:
        self.asked.append(email)
        if self.is_down:
            raise DeliveryError("the directory does not answer")
        return self.accounts.get(email)


def _parse(request: InboundRequest, _source: SourceView) -> ParsedEvent:
    """`{"kinds": […], "ticket": "7", "note_id": "…", "note_text": "…", "data": {…}}`"""
    body = request.json()
    assert isinstance(body, dict)
    ticket = str(body.get("ticket", "7"))
    return ParsedEvent(
        kinds=tuple(body.get("kinds", ["ticket.updated"])),  # type: ignore[arg-type]
        title="Printer on fire",
        reference=ExternalReference(ticket, f"T-{ticket}"),
        data=body.get("data", {}),  # type: ignore[arg-type]
        changed=tuple(body.get("changed", ())),  # type: ignore[arg-type]
        note_id=str(body.get("note_id", "")),
        note_text=str(body.get("note_text", "")),
    )


def _identify(_request: InboundRequest) -> Identity:
    return Identity()


def _reply(_source: SourceView, _ticket: Ticket, _note: Note) -> Written:
    return Written()


@pytest.fixture
def directory(monkeypatch: pytest.MonkeyPatch) -> Directory:
    made = Directory()
    integration = Integration(
        name=DIRECTORY,
        label="Directory",
        folder=Path(__file__).parent,
        kinds={"ticket.updated": "Anything", "ticket.commented": "A note"},
        parse=_parse,
        identify=_identify,
        reply=_reply,
        find_account=made.find_account,
    )
    monkeypatch.setitem(registry._integrations, DIRECTORY, integration)
    return made


def anja(**fields: object) -> ChatUser:
    known = {"user_id": "u" * 26, "username": "anja", "email": "anja@example.test"}
    return ChatUser(**{**known, "name": "Anja Voorbeeld", **fields})  # type: ignore[arg-type]
