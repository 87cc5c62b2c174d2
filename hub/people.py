"""One human and his accounts: found by e-mail, remembered, confirmed."""

from datetime import datetime

from hub.destinations import ChatUser
from hub.models import Account, MattermostServer, Person, Source


def find_person(server: MattermostServer, user: ChatUser) -> Person:
    """Whose Mattermost account it is; made at first sight."""
    account = Account.objects.filter(server=server, external_id=user.user_id).first()
    if account is not None:
        return account.person
    person = Person.objects.create(name=user.name, email=user.email)
    Account.objects.create(
        person=person, server=server, external_id=user.user_id, login=user.username
    )
    return person


def account_in(person: Person, source: Source, now: datetime) -> Account | None:
    """The person's account there, as far as it is known."""
    found = Account.objects.filter(person=person, source=source)
    return found.exclude(state=Account.State.REJECTED).first()


def may_write_as(account: Account, server: MattermostServer) -> bool:
    """Is it sure enough whose account it is?"""
    return account.state == Account.State.CONFIRMED
