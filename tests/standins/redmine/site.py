"""The issues of one Redmine in memory, with journals made as Redmine 5.0.4 makes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

STATUSES = {
    1: ("New", False),
    2: ("In Progress", False),
    3: ("Resolved", False),
    4: ("Feedback", False),
    5: ("Closed", True),
    6: ("Rejected", True),
}
PRIORITIES = {1: "Low", 2: "Normal", 3: "High", 4: "Urgent", 5: "Immediate"}
TRACKERS = {1: "Bug", 2: "Feature", 3: "Support"}
PROJECT = (1, "portal", "Customer portal")
MAX_SUBJECT_CHARS = 255


@dataclass(frozen=True)
class User:
    id: int
    login: str
    firstname: str
    lastname: str
    api_key: str = ""
    may_see_private: bool = True
    is_admin: bool = False
    is_locked: bool = False
    may_write_private: bool = True
    may_write: bool = True  # notes and changes
    is_member: bool = True  # of the project: can be given an issue

    @property
    def mail(self) -> str:
        return f"{self.login}@example.test"

    @property
    def name(self) -> str:
        return f"{self.firstname} {self.lastname}"


@dataclass(frozen=True)
class Detail:
    """Values as Redmine writes them: ids and numbers as text."""

    property: str
    key: str
    old: str | None
    new: str | None


@dataclass(frozen=True)
class Journal:
    id: int
    user: User
    notes: str
    is_private: bool
    created_at: datetime
    details: tuple[Detail, ...] = ()


@dataclass
class Issue:
    id: int
    subject: str
    author: User
    created_at: datetime
    updated_at: datetime
    description: str = ""
    status_id: int = 1
    priority_id: int = 2
    tracker_id: int = 1
    assigned_to_id: int | None = None
    done_ratio: int = 0
    due_date: str | None = None
    is_private: bool = False
    closed_at: datetime | None = None
    journals: list[Journal] = field(default_factory=list)

    @property
    def is_closed(self) -> bool:
        return STATUSES[self.status_id][1]


@dataclass(frozen=True)
class Change:
    """What one update made. `sent` is the journal that the plugin would report."""

    issue: Issue
    journals: tuple[Journal, ...]

    @property
    def sent(self) -> Journal | None:
        return self.journals[-1] if self.journals else None


class NotValidError(Exception):
    """Answered 422, with sentences in the user's language."""

    def __init__(self, *sentences: str) -> None:
        super().__init__(*sentences)
        self.sentences = sentences


class Site:
    """`now` is what its clock shows; tests move it. Without one it runs."""

    def __init__(
        self, now: datetime | None = None, users: tuple[User, ...] = (), *, first_id: int = 1
    ) -> None:
        self._now = now
        self.first_id = first_id
        self.users = {user.id: user for user in users}
        self.issues: dict[int, Issue] = {}
        self.last_journal_id = 0
        self.barred: set[tuple[int, int]] = set()  # changes of status that the workflow bars

    @property
    def now(self) -> datetime:
        return (self._now or datetime.now(UTC)).astimezone(UTC)

    @now.setter
    def now(self, moment: datetime) -> None:
        self._now = moment

    def create(self, author: User, subject: str, **fields: Any) -> Issue:
        """Raises NotValidError. Ids are given again after a deletion, as SQLite does."""
        if not subject.strip():
            raise NotValidError("Subject cannot be blank")
        if len(subject) > MAX_SUBJECT_CHARS:
            raise NotValidError(f"Subject is too long (maximum is {MAX_SUBJECT_CHARS} characters)")
        issue_id = max([self.first_id - 1, *self.issues]) + 1
        issue = Issue(issue_id, subject, author, self.now, self.now, **fields)
        issue.closed_at = self.now if issue.is_closed else None
        self.issues[issue_id] = issue
        return issue

    def update(
        self, issue: Issue, user: User, *, notes: str = "", is_private: bool = False, **fields: Any
    ) -> Change:
        """A status that does not exist or is barred is ignored, and the note stored: answered 204
        all the same. So is what the user may not do.

        A private note that comes with changes becomes two journals, the public one first.
        """
        if not user.may_write:
            return Change(issue, ())
        if fields.get("status_id", 1) not in self.allowed_statuses(issue):
            fields.pop("status_id", None)
        assignee = self.users.get(fields.get("assigned_to_id") or 0)
        if fields.get("assigned_to_id") and not (assignee and assignee.is_member):
            raise NotValidError("Assignee is invalid")
        is_private = is_private and user.may_write_private
        details = self._apply(issue, fields)
        journals: list[Journal] = []
        if details and notes and is_private:
            journals.append(self._journal(user, "", False, details))
            details = ()
        if details or notes.strip():
            journals.append(self._journal(user, notes, is_private and bool(notes), details))
        issue.journals += journals
        issue.updated_at = self.now if journals else issue.updated_at
        return Change(issue, tuple(journals))

    def allowed_statuses(self, issue: Issue) -> list[int]:
        """The present one is among them."""
        return [one for one in STATUSES if (issue.status_id, one) not in self.barred]

    def delete(self, issue: Issue) -> None:
        del self.issues[issue.id]

    def _apply(self, issue: Issue, fields: Mapping[str, Any]) -> tuple[Detail, ...]:
        was_closed = issue.is_closed
        details = tuple(
            Detail("attr", name, _written(getattr(issue, name)), _written(value))
            for name, value in fields.items()
            if getattr(issue, name) != value
        )
        for name, value in fields.items():
            setattr(issue, name, value)
        if issue.is_closed and not was_closed:
            issue.closed_at = self.now
        return details

    def _journal(
        self, user: User, notes: str, is_private: bool, details: tuple[Detail, ...]
    ) -> Journal:
        self.last_journal_id += 1
        return Journal(self.last_journal_id, user, notes, is_private, self.now, details)


def _written(value: object) -> str | None:
    if isinstance(value, bool):
        return "1" if value else "0"
    return None if value is None else str(value)
