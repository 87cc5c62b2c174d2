"""The history of an issue as the requests that a webhook would have sent."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from hub.contracts import InboundRequest, JSONObject
from integrations.redmine import kinds
from integrations.redmine.reading import as_object, is_number, read_time, write_time

CREATED = "created"  # the name of the fact that is no journal
REWOUND = {"status_id": "status", "assigned_to_id": "assigned_to"}  # what headlines are about


@dataclass(frozen=True, slots=True)
class Fact:
    """The making of an issue, or one journal; `issue` is the issue as it was right after."""

    name: str  # "created", or the id of the journal
    at: datetime
    issue: JSONObject
    journal: JSONObject | None = None

    @property
    def order(self) -> tuple[datetime, int, int]:
        journal_id = int(self.name) if self.journal else 0
        return self.at, int(str(self.issue.get("id"))), journal_id

    def as_request(self) -> InboundRequest:
        """In the form of Redmine's own webhook; its journal says whether it is private."""
        data: JSONObject = {"issue": self.issue}
        if self.journal is not None:
            data["journal"] = self.journal
        body = {
            "type": kinds.CREATED if self.journal is None else kinds.UPDATED,
            "timestamp": write_time(self.at),
            "data": data,
        }
        return InboundRequest(
            method="POST",
            body=json.dumps(body, ensure_ascii=False).encode(errors="replace"),
            headers={"content-type": "application/json"},
            received_at=self.at,
            is_polled=True,
        )


def facts_of(issue: JSONObject) -> list[Fact]:
    """Newest first. What is not as Redmine writes it is left out."""
    return list(_facts_of(issue)) if is_number(str(issue.get("id"))) else []


def _facts_of(issue: JSONObject) -> Iterator[Fact]:
    """From the present state back: each journal says what was before it."""
    state = {name: value for name, value in issue.items() if name != "journals"}
    journals = _journals_of(issue)
    people = _people_in(issue, journals)
    for journal in reversed(journals):
        at = read_time(str(journal.get("created_on") or ""))
        if at is not None and (journal.get("details") or journal.get("notes")):
            yield Fact(str(journal["id"]), at, state, journal)
        state = _before(state, journal, people)
    created_at = read_time(str(issue.get("created_on") or ""))
    if created_at is not None:
        yield Fact(CREATED, created_at, state)


def _journals_of(issue: JSONObject) -> list[JSONObject]:
    journals = issue.get("journals")
    rows = [as_object(one) for one in journals] if isinstance(journals, list) else []
    known = [row for row in rows if is_number(str(row.get("id")))]
    return sorted(known, key=lambda row: int(str(row["id"])))


def _people_in(issue: JSONObject, journals: list[JSONObject]) -> dict[str, JSONObject]:
    """By id: those who had to do with the issue, among whom are most of its assignees."""
    found = [issue.get("author"), issue.get("assigned_to"), *(one.get("user") for one in journals)]
    return {str(person.get("id")): person for person in map(as_object, found)}


def _before(state: JSONObject, journal: JSONObject, people: dict[str, JSONObject]) -> JSONObject:
    """What a former status is called is not known here; it is looked up where it is told."""
    details = journal.get("details")
    changes = [as_object(one) for one in details] if isinstance(details, list) else []
    before = dict(state)
    for change in changes:
        field, old = REWOUND.get(str(change.get("name"))), str(change.get("old_value") or "")
        if not field or change.get("property") != "attr":
            continue
        known = people.get(old) if field == "assigned_to" else None
        before[field] = known or ({"id": int(old)} if is_number(old) else None)
    return before
