"""The contract's part about writing from chat: tickets, notes, accounts; standard library only."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

ReplyOption: TypeAlias = Literal["public", "private", "close", "status", "assign"]


NO_LETTER = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class TicketAddress:
    """Which ticket: by its id where the hub knows it, else by how people write it."""

    display: str  # "#23", "ZD#74001", "TASK-2025-00006"
    external_id: str = ""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket, issue or document as it is now, as far as the credential may see it."""

    external_id: str
    display: str
    title: str = ""
    url: str = ""
    status: str = ""
    priority: str = ""
    owner: str = ""  # as people read it
    customer: str = ""
    is_closed: bool = False
    is_private: bool = False
    created_marker: str = ""
    updated_at: datetime | None = None
    fields: tuple[tuple[str, str], ...] = ()  # further ones for its card: name, value


@dataclass(frozen=True, slots=True)
class Account:
    """A user of that system."""

    external_id: str
    login: str = ""
    email: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """What is to be written to a ticket. Without a text only the ticket is changed.

    `text` is Markdown as it was typed; the integration converts it to what its system renders.
    """

    text: str
    author_name: str  # as people read it; named in the text where nobody can be written as
    author_username: str  # in Mattermost, without @
    account: Account | None = None  # the author's own; written as him where the system allows
    is_public: bool = False  # also for the customer
    is_private: bool = False  # fewer than usual may read it
    is_closing: bool = False
    status: str = ""  # by its name, as typed
    assignee: Account | None = None
    look_since: datetime | None = None  # a try since then may have arrived: look first
    known_ids: frozenset[str] = field(default_factory=frozenset)  # other notes of the hub there


@dataclass(frozen=True, slots=True)
class Written:
    """What reading back showed."""

    note_id: str = ""  # of the note, as that system's own webhook will name it
    written_as: str = ""  # the account it stands under; empty: named in the text
    status: str = ""  # after the change, where one was asked for
    assignee: str = ""
    problems: tuple[str, ...] = ()  # what was asked for and did not happen, a sentence each
    was_there: bool = False  # an earlier try had arrived


def writes_as_person(options: Mapping[str, object]) -> bool:
    """Does this source want notes to stand under the person's own account?"""
    return str(options.get("write_as") or "").strip().lower() == "person"


def fingerprint(text: str) -> str:
    """Equal for one note in Markdown, HTML and Textile: only letters and digits count.

    An address that a conversion adds or takes away changes it.
    """
    letters = NO_LETTER.sub("", text.casefold())
    return hashlib.sha256(letters.encode()).hexdigest()
