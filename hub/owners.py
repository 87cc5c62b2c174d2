"""Whom a rule means by @owner: the Mattermost user to whom a ticket's owner is known to belong."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from django.db.models import Q

from hub.accounts import UNKNOWN
from hub.contracts import ParsedEvent
from hub.matching import Parsed
from hub.models import Account, MattermostServer, Person, Source

OWNER_FIELDS = ("owner_email", "owner_login", "assignee_email", "assignee_login")
OWNERS_FIELD = "assignees"  # several: logins or addresses
OWNER_NAMES = ("owner", "assignee")
NOBODY = frozenset(("", "-"))  # Zammad's owner of what nobody owns has the login -

Names = Mapping[int, str]  # username by server


@dataclass(frozen=True, slots=True)
class _Book:
    """People by what a source calls them, and their usernames by server."""

    by_account: Mapping[tuple[int, str], int] = field(default_factory=dict)
    by_email: Mapping[str, int] = field(default_factory=dict)
    denied: Collection[tuple[int, int]] = ()  # source and person: said not to be the same
    usernames: Mapping[int, Names] = field(default_factory=dict)

    def person_of(self, source_id: int, key: str) -> int | None:
        key = key.lower()
        found = self.by_account.get((source_id, key)) or self.by_email.get(key)
        return None if found is None or (source_id, found) in self.denied else found

    def usernames_of(self, source_id: int, keys: Iterable[str]) -> dict[int, tuple[str, ...]]:
        """By server, each once."""
        found: dict[int, dict[str, None]] = defaultdict(dict)
        for key in keys:
            person_id = self.person_of(source_id, key)
            for server_id, username in self.usernames.get(person_id or 0, {}).items():
                found[server_id][username] = None
        return {server_id: tuple(names) for server_id, names in found.items()}


def with_owners(batch: Sequence[Parsed]) -> list[Parsed]:
    """The batch, each event with the usernames of its owners: a few queries for all of it."""
    wanted = {(one.received.source_id, key) for one in batch for key in owner_keys(one.event)}
    if not wanted:
        return list(batch)
    book = _load(wanted)
    return [
        replace(one, owners=book.usernames_of(one.received.source_id, owner_keys(one.event)))
        for one in batch
    ]


def meet_owners(batch: Iterable[Parsed]) -> None:
    """Owners with an address nobody has: remembered as people, who are looked for in Mattermost
    soon, so that the next message can mention them."""
    names = {
        key.lower(): _name_of(one.event, key)
        for one in batch
        if one.event is not None and not any(one.owners.values())
        for key in owner_keys(one.event)
        if "@" in key
    }
    if not names:
        return
    known = set(Person.objects.filter(email__in=names).values_list("email", flat=True))
    known |= set(Account.objects.filter(email__in=names).values_list("email", flat=True))
    Person.objects.bulk_create(
        Person(name=name[:200], email=email) for email, name in names.items() if email not in known
    )


def username_of(source: Source, key: str, server: MattermostServer) -> str:
    """Who the user `key` of the source, by e-mail or login, is on the server; empty if unknown."""
    key = key.strip()
    if key in NOBODY:
        return ""
    found = _load({(source.pk, key)}).usernames_of(source.pk, [key])
    return next(iter(found.get(server.pk, ())), "")


def owner_keys(event: ParsedEvent | None) -> list[str]:
    """How the event's source calls the ticket's owner or assignees: addresses and logins."""
    if event is None:
        return []
    several = event.data.get(OWNERS_FIELD)
    values = [event.data.get(name) for name in OWNER_FIELDS]
    values += several if isinstance(several, list) else []
    texts = [value.strip() for value in values if isinstance(value, str)]
    return [text for text in dict.fromkeys(texts) if text not in NOBODY]


def _name_of(event: ParsedEvent | None, key: str) -> str:
    """His name as the event tells it, where only one can be meant."""
    if event is None or len(owner_keys(event)) > len(OWNER_NAMES):
        return key
    names = [event.data.get(name) for name in OWNER_NAMES]
    return next((name for name in names if isinstance(name, str) and name), key)


def _load(wanted: Collection[tuple[int, str]]) -> _Book:
    names = {key for _source_id, key in wanted}
    keys = {key.lower() for key in names}
    accounts = Account.objects.filter(
        Q(email__in=keys) | Q(login__in=keys | names), source__in={one for one, _key in wanted}
    ).exclude(state=Account.State.ABSENT)
    by_account: dict[tuple[int, str], int] = {}
    denied = set()
    for account in accounts:
        source_id = account.source_id or 0
        if account.state == Account.State.REJECTED:
            denied.add((source_id, account.person_id))
            continue
        by_account[source_id, account.email] = account.person_id
        by_account[source_id, account.login.lower()] = account.person_id
    by_email = dict(Person.objects.filter(email__in=keys).values_list("email", "pk"))
    people = {*by_account.values(), *by_email.values()}
    return _Book(by_account, by_email, denied, _usernames(people) if people else {})


def _usernames(people: Collection[int]) -> Mapping[int, Names]:
    rows = Account.objects.filter(
        person__in=people, person__is_active=True, server__isnull=False
    ).exclude(state__in=UNKNOWN)
    found: dict[int, dict[int, str]] = defaultdict(dict)
    for person_id, server_id, login in rows.values_list("person_id", "server_id", "login"):
        if server_id is not None and login:
            found[person_id][server_id] = login
    return found
