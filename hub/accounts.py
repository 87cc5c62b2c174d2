"""Looking up a person's account in a source or a Mattermost server, and remembering the answer."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from hub import registry
from hub.contracts import DeliveryError
from hub.models import Account, MattermostServer, Person, Source
from hub.tickets import Account as FoundAccount
from hub.views import server_view, source_view

logger = logging.getLogger(__name__)

ASK_AGAIN_AFTER = timedelta(days=1)  # where nobody has that address
UNKNOWN = (Account.State.REJECTED, Account.State.ABSENT)
PEOPLE_AT_ONCE = 200  # of one look for new accounts


@dataclass(frozen=True, slots=True)
class Place:
    """Where people have accounts: one source, or one Mattermost server."""

    source: Source | None = None
    server: MattermostServer | None = None

    def __str__(self) -> str:
        return str(self.source or self.server)

    def rows(self) -> QuerySet[Account]:
        return Account.objects.filter(source=self.source, server=self.server)

    def known(self) -> QuerySet[Account]:
        return self.rows().exclude(state__in=UNKNOWN).select_related("person")

    @property
    def can_be_asked(self) -> bool:
        if self.source is None:
            return self.server is not None and self.server.is_active
        integration = registry.get(self.source.integration)
        has_look_up = integration is not None and integration.find_account is not None
        return has_look_up and self.source.is_active and bool(self.source.base_url)

    def ask(self, email: str) -> FoundAccount | None:
        """Raises DeliveryError."""
        if self.source is not None:
            integration = registry.get(self.source.integration)
            if integration is None or integration.find_account is None:
                return None
            return integration.find_account(source_view(self.source), email)
        return _ask_mattermost(self.server, email) if self.server is not None else None


def look_up(person: Person, place: Place, now: datetime) -> Account | None:
    """The known account, else what the place says; it is asked again after a day at the earliest.

    None where there is none, or where the place cannot be asked now.
    """
    rows = list(place.rows().filter(person=person))
    known = [row for row in rows if row.state not in UNKNOWN]
    if known:
        return known[0]
    absent = [row for row in rows if row.state == Account.State.ABSENT]
    if any(_is_fresh(row, now) for row in absent) or not person.email or not place.can_be_asked:
        return None
    try:
        found = place.ask(person.email)
    except DeliveryError as error:
        logger.warning("%s could not say who %s is there: %s", place, person, error)
        return None
    rejected = {row.external_id for row in rows if row.state == Account.State.REJECTED}
    if found is None or found.external_id in rejected:
        _remember_absence(person, place, now)
        return None
    return _remember(person, place, found, now)


def people_to_look_for(place: Place, now: datetime) -> Iterable[Person]:
    """Those with an address of whom nothing is known there, and nobody has looked for a day."""
    known = place.known().values("person")
    fresh = place.rows().filter(checked_at__gt=now - ASK_AGAIN_AFTER).values("person")
    people = Person.objects.filter(is_active=True).exclude(email="")
    return people.exclude(pk__in=known).exclude(pk__in=fresh).order_by("-pk")[:PEOPLE_AT_ONCE]


def _ask_mattermost(server: MattermostServer, email: str) -> FoundAccount | None:
    user = registry.destination().conversations.find_user(server_view(server), email)
    if user is None or user.is_bot or not user.is_active:
        return None
    return FoundAccount(user.user_id, user.username, user.email or email, user.name)


def _remember(person: Person, place: Place, found: FoundAccount, now: datetime) -> Account | None:
    """None when it is another person's already: two people with one address, for the review."""
    holders = place.known().filter(external_id=found.external_id)
    if holders.exists():
        _remember_absence(person, place, now)
        return None
    try:
        with transaction.atomic():
            place.rows().filter(person=person, state=Account.State.ABSENT).delete()
            return Account.objects.create(
                person=person,
                source=place.source,
                server=place.server,
                external_id=found.external_id,
                login=found.login[:200],
                email=found.email.lower(),
                name=found.name[:200],
                checked_at=now,
            )
    except IntegrityError:  # found by another process at the same moment
        return holders.filter(person=person).first()


def _remember_absence(person: Person, place: Place, now: datetime) -> None:
    absent = place.rows().filter(person=person, state=Account.State.ABSENT)
    if not absent.update(checked_at=now):
        Account.objects.create(
            person=person,
            source=place.source,
            server=place.server,
            state=Account.State.ABSENT,
            checked_at=now,
        )


def _is_fresh(absent: Account, now: datetime) -> bool:
    return absent.checked_at is not None and absent.checked_at > now - ASK_AGAIN_AFTER
