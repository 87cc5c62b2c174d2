"""Who is who: the accounts of one human in Mattermost and in the sources, matched by e-mail."""

from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from hub.accounts import UNKNOWN, Place, look_up, people_to_look_for
from hub.destinations import ChatUser
from hub.models import Account, MattermostServer, Person, Source

State = Account.State


def find_person(server: MattermostServer, user: ChatUser) -> Person:
    """Whose Mattermost account it is. At first sight he is matched by e-mail, or made."""
    accounts = Place(server=server).known().filter(external_id=user.user_id)
    known = accounts.first()
    if known is not None:
        _follow(known, user, server)
        return known.person
    try:
        with transaction.atomic():
            return _make_chat_account(server, user).person
    except IntegrityError:  # another process has met him at the same moment
        return accounts.get().person


def is_switched_off(server: MattermostServer, user_id: str) -> bool:
    """Has an administrator said that this person may do nothing through the hub?"""
    accounts = Place(server=server).known().filter(external_id=user_id)
    return accounts.filter(person__is_active=False).exists()


def account_in(person: Person, source: Source, now: datetime) -> Account | None:
    """His account there, asked for by e-mail where it is not known yet, once a day at most.

    None where he has none, or where the source cannot be asked now.
    """
    return look_up(person, Place(source=source), now)


def link_accounts(person: Person, now: datetime) -> list[Account]:
    """His accounts in every source that can be asked, looked up where they are not known."""
    found = [look_up(person, place, now) for place in _sources()]
    return [account for account in found if account is not None]


def match_people(now: datetime) -> int:
    """Look for the accounts of people wherever nobody has looked lately; how many were found."""
    return sum(
        look_up(person, place, now) is not None
        for place in [*_sources(), *_servers()]
        for person in people_to_look_for(place, now)
    )


def look_again(people: Iterable[Person], now: datetime) -> int:
    """Ask every place for their accounts, as if nobody had asked lately; how many were found."""
    count = 0
    for person in people:
        person.accounts.filter(state=State.ABSENT).delete()
        known = {account.pk for account in person.accounts.all()}
        found = [look_up(person, place, now) for place in [*_sources(), *_servers()]]
        count += len({account.pk for account in found if account is not None} - known)
    return count


def may_write_as(account: Account, server: MattermostServer) -> bool:
    """Whether what is typed on `server` may be written as this account of the same person.

    Where anybody can enter any e-mail address, one that is alike proves nothing: then only what
    an administrator has confirmed counts.
    """
    chat = Place(server=server).known().filter(person=account.person_id).first()
    if chat is None or account.state in UNKNOWN:
        return False
    is_proven = server.has_verified_emails and chat.email != ""
    if not (chat.state == State.CONFIRMED or (is_proven and chat.email == chat.person.email)):
        return False
    return account.state == State.CONFIRMED or (is_proven and chat.email == account.email)


def confirm_account(account: Account) -> None:
    """An administrator, or the owner of a verified e-mail address, says that it is right."""
    _set_state(account, State.CONFIRMED)


def reject_account(account: Account) -> None:
    """It is another person's: it will not be matched with this one again."""
    _set_state(account, State.REJECTED)


def merge_people(kept: Person, merged: Person) -> None:
    """Two rows were one human. All of the second becomes the first's; it is gone afterwards.

    Of two accounts in one system both stay: an administrator rejects one.
    """
    with transaction.atomic():
        for account in merged.accounts.exclude(state=State.ABSENT):
            account.person = kept
            account.save(update_fields=["person"])
        merged.invocations.update(person=kept)
        if not kept.email:
            kept.email = merged.email
            kept.save(update_fields=["email"])
        merged.delete()


def split_off(account: Account) -> Person:
    """A person of its own for an account that was matched wrongly; the old one never again."""
    with transaction.atomic():
        old = Account.objects.get(pk=account.pk)
        person = Person.objects.create(
            name=account.name or account.login or account.external_id, email=account.email
        )
        reject_account(old)
        account.pk, account.person, account.state = None, person, State.CONFIRMED
        account._state.adding = True
        account.save()
    return person


def _sources() -> list[Place]:
    places = [Place(source=row) for row in Source.objects.filter(is_active=True)]
    return [place for place in places if place.can_be_asked]


def _servers() -> list[Place]:
    rows = MattermostServer.objects.filter(is_active=True).exclude(bot_token="")
    return [Place(server=row) for row in rows]


def _make_chat_account(server: MattermostServer, user: ChatUser) -> Account:
    """Confirmed where the person is made from it: he is nobody but this account."""
    person = _person_with(user.email, server, user.user_id)
    state = State.MATCHED
    if person is None:
        person = Person.objects.create(name=user.name[:200], email=user.email)
        state = State.CONFIRMED
    Account.objects.filter(person=person, server=server, state=State.ABSENT).delete()
    return Account.objects.create(
        person=person,
        server=server,
        external_id=user.user_id,
        login=user.username,
        email=user.email,
        name=user.name[:200],
        state=state,
        checked_at=timezone.now(),
    )


def _person_with(email: str, server: MattermostServer, user_id: str) -> Person | None:
    """The only one with this address who has no account on this server yet."""
    if not email:
        return None
    place = Place(server=server)
    rejected = place.rows().filter(external_id=user_id, state=State.REJECTED)
    found = (
        Person.objects.filter(email=email)
        .exclude(pk__in=place.known().values("person"))
        .exclude(pk__in=rejected.values("person"))[:2]
    )
    return found[0] if len(found) == 1 else None


def _follow(account: Account, user: ChatUser, server: MattermostServer) -> None:
    """Take over a new username or address.

    The person's own address follows only where addresses are verified and nobody else has it.
    """
    told = (user.username, user.email or account.email, user.name[:200])
    if told == (account.login, account.email, account.name):
        return
    account.login, account.email, account.name = told
    account.save(update_fields=["login", "email", "name"])
    person = account.person
    is_news = server.has_verified_emails and person.email != account.email
    if is_news and not Person.objects.filter(email=account.email).exists():
        person.email = account.email
        person.save(update_fields=["email"])


def _set_state(account: Account, state: str) -> None:
    account.state = state
    account.save(update_fields=["state"])
