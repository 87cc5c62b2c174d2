"""/hub link: a person sees which accounts are taken for his, and says yes or no."""

from typing import Any

import pytest

from hub.linking import KIND, link, press_link
from hub.models import Account, MattermostServer, Person, Source
from hub.people import find_person
from hub.pressing import Press, Pressed, open_context
from tests.factories import NOON, make_server, make_source
from tests.hub.directory import DIRECTORY, Directory, anja, directory

__all__ = ["directory"]

pytestmark = pytest.mark.django_db

State = Account.State


@pytest.fixture
def source(directory: Directory) -> Source:
    directory.add("anja@example.test", "7", "anja.v", "Anja Voorbeeld")
    return make_source(DIRECTORY, "Zammad", base_url="http://directory.example.test")


@pytest.fixture
def server() -> MattermostServer:
    return make_server(has_verified_emails=True)


@pytest.fixture
def person(server: MattermostServer) -> Person:
    return find_person(server, anja())


def told(person: Person, server: MattermostServer) -> str:
    answer: Any = link(person, server, NOON)
    cards = answer.get("attachments", [])
    return "\n".join([answer["text"], *(card["text"] for card in cards)])


def buttons(person: Person, server: MattermostServer) -> dict[str, Any]:
    """The signed context by label."""
    answer: Any = link(person, server, NOON)
    actions = [one for card in answer["attachments"] for one in card.get("actions", [])]
    return {one["name"]: one["integration"]["context"] for one in actions}


def press(context: Any, user_id: str = anja().user_id) -> Pressed:
    kind, payload = open_context(context, NOON)
    assert kind == KIND
    return press_link(Press(user_id, "anja", "c" * 26, "p" * 26, payload=payload))


def test_a_person_sees_what_was_found(
    source: Source, person: Person, server: MattermostServer
) -> None:
    assert "**Zammad**: Anja Voorbeeld, anja.v" in told(person, server)


def test_yes_confirms(source: Source, person: Person, server: MattermostServer) -> None:
    pressed = press(buttons(person, server)["That is me"])

    assert pressed.update is not None
    assert person.accounts.get(source=source).state == State.CONFIRMED
    assert "Confirmed." in told(person, server)


def test_no_rejects(source: Source, person: Person, server: MattermostServer) -> None:
    press(buttons(person, server)["That is not me"])

    states = person.accounts.filter(source=source).values_list("state", flat=True)
    assert State.REJECTED in states
    assert State.MATCHED not in states


def test_nobody_else_says_yes(source: Source, person: Person, server: MattermostServer) -> None:
    find_person(server, anja(user_id="v" * 26, username="bart", email="bart@example.test"))

    pressed = press(buttons(person, server)["That is me"], "v" * 26)

    assert "not yours" in pressed.ephemeral_text
    assert person.accounts.get(source=source).state == State.MATCHED


def test_a_second_press_changes_nothing(
    source: Source, person: Person, server: MattermostServer
) -> None:
    found = buttons(person, server)
    press(found["That is not me"])

    assert "settled" in press(found["That is me"]).ephemeral_text


def test_where_addresses_are_not_verified_an_administrator_confirms(
    source: Source, person: Person, server: MattermostServer
) -> None:
    context = buttons(person, server)["That is me"]
    server.has_verified_emails = False
    server.save()

    assert "Waits for an administrator" in told(person, server)
    assert buttons(person, server) == {}
    assert "administrator has to confirm" in press(context).ephemeral_text
    assert person.accounts.get(source=source).state == State.MATCHED


def test_a_person_whom_no_system_knows_is_told_so(
    directory: Directory, person: Person, server: MattermostServer
) -> None:
    assert "No system knows anja@" in told(person, server).replace("\u200b", "")


def test_a_person_whose_address_is_hidden_is_told_so(server: MattermostServer) -> None:
    person = find_person(server, anja(email=""))

    assert "does not tell the hub your e-mail" in told(person, server)


def test_names_from_outside_mention_nobody(
    directory: Directory, source: Source, person: Person, server: MattermostServer
) -> None:
    directory.add("anja@example.test", "7", "@channel", "@here")

    assert "@here" not in told(person, server)
    assert "@channel" not in told(person, server)
