"""@owner in a rule: the Mattermost user to whom the ticket belongs."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hub.mentions import fill_mentions, mentions_owner
from hub.models import Account, Delivery, MattermostServer, Person, Source
from hub.owners import username_of
from hub.people import match_people
from tests.factories import NOON, make_channel, make_event, make_rule, make_server, make_source
from tests.hub.directory import DIRECTORY, Directory, anja, directory
from tests.pumping import Pump
from tests.standins.mattermost import MattermostStandin

__all__ = ["directory"]

pytestmark = pytest.mark.django_db(transaction=True)

State = Account.State


@pytest.mark.parametrize(
    ("mentions", "owners", "filled"),
    [
        ("@owner", ["anja"], "@anja"),
        ("@here @OWNER", ["anja"], "@here @anja"),
        ("@owner", [], ""),
        ("@bart @owner", [], "@bart"),
        ("@owner", ["anja", "bart"], "@anja @bart"),
        ("@anja @owner", ["anja"], "@anja"),
        ("@@owner", ["anja"], "@owner"),
        ("@owners", ["anja"], "@owners"),
    ],
)
def test_the_owner_takes_the_place_of_the_word(
    mentions: str, owners: list[str], filled: str
) -> None:
    assert fill_mentions(mentions, owners) == filled


def test_a_user_called_owner_is_not_taken_for_the_owner() -> None:
    assert not mentions_owner("@@owner @owners")


@pytest.fixture
def tickets(directory: Directory) -> Source:
    """A source whose rule mentions the owner in a channel."""
    make_rule(make_channel(), integration=DIRECTORY, mentions="@owner", line="News")
    return make_source(DIRECTORY, "Tickets", base_url="http://directory.example.test")


def told(source: Source, **data: Any) -> str:
    """The text that is sent for an event with this data."""
    event = make_event(source, body=json.dumps({"data": data}).encode())
    pump = Pump()
    pump.matcher.match_batch(1)
    pump.close()
    return str(Delivery.objects.get(event=event, action="post").message["text"])


def make_anja(**fields: Any) -> Person:
    person = Person.objects.create(name="Anja", email="anja@example.test", **fields)
    Account.objects.create(
        person=person,
        server=MattermostServer.objects.get(),
        external_id=anja().user_id,
        login="anja",
        email="anja@example.test",
    )
    return person


@pytest.mark.parametrize(
    "data",
    [
        {"owner_email": "Anja@example.test"},
        {"assignee_email": "anja@example.test"},
        {"assignees": ["nobody", "anja@example.test"]},
    ],
)
def test_the_owner_is_mentioned_by_address(tickets: Source, data: dict[str, Any]) -> None:
    make_anja()

    assert told(tickets, **data) == "News @anja"


def test_the_owner_is_mentioned_by_the_login_of_an_account(tickets: Source) -> None:
    Account.objects.create(person=make_anja(), source=tickets, external_id="7", login="AV")

    assert told(tickets, owner_login="AV") == "News @anja"


def test_a_login_of_another_source_is_nobody(tickets: Source) -> None:
    other = make_source("zammad", "Other")
    Account.objects.create(person=make_anja(), source=other, external_id="7", login="av")

    assert told(tickets, owner_login="av") == "News"


def test_a_rejected_account_is_not_mentioned(tickets: Source) -> None:
    Account.objects.create(
        person=make_anja(),
        source=tickets,
        external_id="7",
        email="anja@example.test",
        state=State.REJECTED,
    )

    assert told(tickets, owner_email="anja@example.test") == "News"


def test_who_is_switched_off_is_not_mentioned(tickets: Source) -> None:
    make_anja(is_active=False)

    assert told(tickets, owner_email="anja@example.test") == "News"


def test_a_ticket_that_nobody_owns_mentions_nobody(tickets: Source) -> None:
    assert told(tickets, owner_login="-", owner_email="") == "News"
    assert Person.objects.count() == 0


def test_an_unknown_owner_is_looked_for_and_mentioned_the_next_time(
    tickets: Source, standin: MattermostStandin
) -> None:
    server = MattermostServer.objects.get()
    server.base_url, server.bot_token = standin.url, standin.token
    server.save()

    first = told(tickets, owner="Anja Voorbeeld", owner_email="anja@example.test")
    match_people(NOON)
    second = told(tickets, owner="Anja Voorbeeld", owner_email="anja@example.test")

    assert (first, second) == ("News", "News @anja")
    assert Person.objects.get().name == "Anja Voorbeeld"


def test_owners_cost_nothing_where_no_rule_mentions_them(directory: Directory) -> None:
    make_rule(make_channel(), integration=DIRECTORY, mentions="@here", line="News")
    source = make_source(DIRECTORY, "Tickets")

    with CaptureQueriesContext(connection) as queries:
        told(source, owner_email="anja@example.test")

    assert [one["sql"] for one in queries if "hub_person" in one["sql"]] == []


def test_the_username_of_one_owner_can_be_asked_for() -> None:
    server = make_server()
    source = make_source()
    person = Person.objects.create(name="Anja", email="anja@example.test")
    Account.objects.create(person=person, server=server, external_id="u", login="anja")

    names = [username_of(source, key, server) for key in ("anja@example.test", "bart", "-", "")]

    assert names == ["anja", "", "", ""]
