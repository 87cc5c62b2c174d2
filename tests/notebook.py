"""A made-up system for tests of writing from chat: tickets and notes in memory, with faults."""

import threading
from dataclasses import dataclass, field
from pathlib import Path

from hub.contracts import (
    DeliveryError,
    Identity,
    InboundRequest,
    Integration,
    ParsedEvent,
    SourceView,
)
from hub.tickets import Account, Note, Ticket, TicketAddress, Written, fingerprint


@dataclass
class Notebook:
    """What the system holds; `refusals` are raised by the next calls, one each."""

    tickets: dict[str, Ticket] = field(default_factory=dict)
    notes: list[tuple[str, Note]] = field(default_factory=list)
    refusals: list[DeliveryError] = field(default_factory=list)
    stores_before_refusing: bool = False
    accounts: dict[str, Account] = field(default_factory=dict)
    is_asked: threading.Event = field(default_factory=threading.Event)
    may_answer: threading.Event = field(default_factory=threading.Event)

    def add(self, display: str, title: str = "Server down", *, is_private: bool = False) -> None:
        url = f"https://notebook.example.test/{display.strip('#')}"
        self.tickets[display] = Ticket(
            display.strip("#"), display, title, url, "open", is_private=is_private
        )

    def clear(self) -> None:
        self.tickets.clear()
        self.notes.clear()
        self.refusals.clear()
        self.accounts.clear()
        self.stores_before_refusing = False
        self.is_asked.clear()
        self.may_answer.set()

    def texts(self) -> list[str]:
        return [note.text for _display, note in self.notes]

    def find_ticket(self, _source: SourceView, address: TicketAddress) -> Ticket | None:
        by_id = {ticket.external_id: ticket for ticket in self.tickets.values()}
        return by_id.get(address.external_id) or self.tickets.get(address.display)

    def find_account(self, _source: SourceView, email: str) -> Account | None:
        return self.accounts.get(email)

    def reply(self, _source: SourceView, ticket: Ticket, note: Note) -> Written:
        """Looks first where a try may have arrived, as the contract wants."""
        self.is_asked.set()
        assert self.may_answer.wait(10), "nobody lets it answer"
        if note.look_since is not None:
            for number, (display, written) in enumerate(self.notes):
                is_same = fingerprint(written.text) == fingerprint(note.text)
                if display == ticket.display and is_same and str(number) not in note.known_ids:
                    return Written(str(number), was_there=True)
        refusal = self.refusals.pop(0) if self.refusals else None
        if refusal is None or self.stores_before_refusing:
            self.notes.append((ticket.display, note))
        if refusal is not None:
            raise refusal
        return Written(str(len(self.notes) - 1), status="closed" if note.is_closing else "")


def _parse(_request: InboundRequest, _source: SourceView) -> ParsedEvent:
    return ParsedEvent(("page.written",))


NOTEBOOK = Notebook()
INTEGRATION = Integration(
    name="notebook",
    label="Notebook",
    folder=Path(__file__).parent,
    kinds={"page.written": "a page was written"},
    parse=_parse,
    identify=lambda _request: Identity(),
    find_ticket=NOTEBOOK.find_ticket,
    reply=NOTEBOOK.reply,
    reply_options=frozenset({"close", "assign"}),
    find_account=NOTEBOOK.find_account,
)
