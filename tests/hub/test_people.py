"""One human, several accounts: matching, trust, and correcting by hand."""

import pytest
from django.db import IntegrityError, transaction

from hub.models import Account, Person, Source
from hub.people import (
    account_in,
    confirm_account,
    find_person,
    link_accounts,
    match_people,
    may_write_as,
    merge_people,
    reject_account,
    split_off,
)
from tests.factories import NOON, make_server, make_source
from tests.hub.directory import A_DAY, DIRECTORY, Directory, anja, directory
from tests.standins.mattermost import MattermostStandin

__all__ = ["directory"]

pytestmark = pytest.mark.django_db

ADDRESS = "http://directory.example.test"


def make_directory(name: str = "Zammad", **fields: object) -> Source:
    return make_source(DIRECTORY, name, base_url=ADDRESS, **fields)


def test_a_person_is_made_at_first_sight_and_known_from_then_on() -> None:
    server = make_server()

    first = find_person(server, anja())
    second = find_person(server, anja())

    assert first == second
    assert (first.name, first.email) == ("Anja Voorbeeld", "anja@example.test")
    assert first.accounts.get().state == Account.State.CONFIRMED


def test_a_person_who_is_known_by_e_mail_gets_the_mattermost_account() -> None:
    known = Person.objects.create(name="A. Voorbeeld", email="anja@example.test")

    found = find_person(make_server(), anja())

    assert found == known
    assert found.accounts.get().state == Account.State.MATCHED


def test_of_two_people_with_one_address_none_is_guessed() -> None:
    Person.objects.create(name="One", email="anja@example.test")
    Person.objects.create(name="Two", email="anja@example.test")

    assert find_person(make_server(), anja()).name == "Anja Voorbeeld"


def test_who_enters_the_address_of_somebody_known_does_not_become_him() -> None:
    server = make_server()
    owner = find_person(server, anja())

    other = find_person(server, anja(user_id="v" * 26, username="mallory"))

    assert other != owner


def test_a_hidden_address_matches_nobody() -> None:
    Person.objects.create(name="Nobody", email="")

    assert find_person(make_server(), anja(email="")).name == "Anja Voorbeeld"


def test_a_new_username_is_taken_over() -> None:
    server = make_server()
    find_person(server, anja())

    person = find_person(server, anja(username="anja.v"))

    assert person.accounts.get().login == "anja.v"


def test_a_new_address_is_taken_over_only_where_addresses_are_verified() -> None:
    lax, strict = make_server("lax"), make_server("strict", has_verified_emails=True)
    find_person(lax, anja())
    find_person(strict, anja(email="anja@other.test"))

    moved_lax = find_person(lax, anja(email="boss@example.test"))
    moved_strict = find_person(strict, anja(email="anja@new.test"))

    assert moved_lax.email == "anja@example.test"
    assert moved_strict.email == "anja@new.test"


def test_an_account_is_asked_for_once(directory: Directory) -> None:
    directory.add("anja@example.test", "7", "anja.v")
    person, source = find_person(make_server(), anja()), make_directory()

    first = account_in(person, source, NOON)
    second = account_in(person, source, NOON + 3 * A_DAY)

    assert first is not None
    assert (first, first.external_id, first.login) == (second, "7", "anja.v")
    assert directory.asked == ["anja@example.test"]


def test_that_there_is_no_account_is_remembered_for_a_day(directory: Directory) -> None:
    person, source = find_person(make_server(), anja()), make_directory()

    account_in(person, source, NOON)
    account_in(person, source, NOON)
    directory.add("anja@example.test", "7")

    assert directory.asked == ["anja@example.test"]
    assert account_in(person, source, NOON + A_DAY) is not None
    assert Account.objects.filter(source=source).count() == 1


def test_a_source_that_is_down_is_no_error_and_is_asked_again(directory: Directory) -> None:
    person, source = find_person(make_server(), anja()), make_directory()
    directory.is_down = True

    assert account_in(person, source, NOON) is None
    assert account_in(person, source, NOON) is None

    assert len(directory.asked) == 2


def test_a_rejected_account_is_not_matched_again(directory: Directory) -> None:
    directory.add("anja@example.test", "7")
    person, source = find_person(make_server(), anja()), make_directory()
    account = account_in(person, source, NOON)
    assert account is not None

    reject_account(account)

    assert account_in(person, source, NOON + A_DAY) is None
    assert account_in(person, source, NOON + 2 * A_DAY) is None


def test_an_account_that_is_somebody_elses_is_not_taken_away(directory: Directory) -> None:
    directory.add("anja@example.test", "7")
    server, source = make_server(), make_directory()
    account_in(find_person(server, anja()), source, NOON)
    twin = Person.objects.create(name="Twin", email="anja@example.test")

    assert account_in(twin, source, NOON) is None


def test_a_source_that_cannot_be_asked_is_left_alone(directory: Directory) -> None:
    person = find_person(make_server(), anja())
    make_directory("off", is_active=False)
    make_source(DIRECTORY, "without an address")
    make_source("generic", "cannot", base_url=ADDRESS)

    assert link_accounts(person, NOON) == []
    assert directory.asked == []


def test_the_database_refuses_one_account_for_two_people() -> None:
    source = make_source()
    people = [Person.objects.create(name=name) for name in "ab"]
    Account.objects.create(person=people[0], source=source, external_id="7")

    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.create(person=people[1], source=source, external_id="7")


def test_an_address_proves_nothing_where_anybody_may_enter_any(directory: Directory) -> None:
    directory.add("anja@example.test", "7")
    server = make_server()
    account = account_in(find_person(server, anja()), make_directory(), NOON)
    assert account is not None

    before = may_write_as(account, server)
    confirm_account(account)

    assert (before, may_write_as(account, server)) == (False, True)


def test_a_verified_address_is_enough(directory: Directory) -> None:
    directory.add("anja@example.test", "7")
    server = make_server(has_verified_emails=True)
    account = account_in(find_person(server, anja()), make_directory(), NOON)

    assert account is not None
    assert may_write_as(account, server)


def test_who_takes_over_the_address_of_a_known_person_cannot_write_as_him() -> None:
    """His accounts are confirmed; whoever enters his address in Mattermost is not."""
    boss = Person.objects.create(name="Boss", email="boss@example.test")
    account = Account.objects.create(
        person=boss, source=make_source(), external_id="1", state=Account.State.CONFIRMED
    )
    server = make_server()

    person = find_person(server, anja(email="boss@example.test"))

    assert person == boss
    assert not may_write_as(account, server)


def test_an_account_with_another_address_waits_for_an_administrator() -> None:
    server = make_server(has_verified_emails=True)
    person = find_person(server, anja())
    account = Account.objects.create(
        person=person, source=make_source(), external_id="1", email="anja@private.test"
    )

    assert not may_write_as(account, server)


def test_nobody_writes_as_an_account_of_somebody_without_mattermost() -> None:
    person = Person.objects.create(name="Stranger")
    account = Account.objects.create(
        person=person, source=make_source(), external_id="1", state=Account.State.CONFIRMED
    )

    assert not may_write_as(account, make_server())


def test_merging_moves_the_accounts() -> None:
    kept = Person.objects.create(name="Anja")
    merged = Person.objects.create(name="A. Voorbeeld", email="anja@example.test")
    Account.objects.create(person=merged, source=make_source(), external_id="7")

    merge_people(kept, merged)

    assert kept.accounts.get().external_id == "7"
    assert list(Person.objects.values_list("name", "email")) == [("Anja", "anja@example.test")]


def test_an_account_split_off_is_somebody_elses_and_is_not_matched_again() -> None:
    person = Person.objects.create(name="Anja", email="anja@example.test")
    source = make_source()
    account = Account.objects.create(person=person, source=source, external_id="7", name="Other")

    other = split_off(account)

    assert (other.name, other.accounts.get().external_id) == ("Other", "7")
    assert person.accounts.get().state == Account.State.REJECTED


def test_everybody_is_looked_for_in_every_system_once_a_day(
    directory: Directory, standin: MattermostStandin
) -> None:
    make_server(base_url=standin.url, bot_token=standin.token)
    make_directory()
    person = Person.objects.create(name="Anja", email="anja@example.test")
    Person.objects.create(name="Unknown", email="unknown@example.test")
    directory.add("anja@example.test", "7")

    counts = [match_people(NOON), match_people(NOON), match_people(NOON + A_DAY)]

    assert counts == [2, 0, 0]
    assert person.accounts.get(source=None).login == "anja"
    assert len(directory.asked) == 3
