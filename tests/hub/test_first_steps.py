"""What `manage.py up` and `manage.py demo` do before anything runs."""

import socket
from collections.abc import Iterator
from io import StringIO

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from hub.management.commands.demo import refuse_real_use
from hub.management.first_steps import Address, ensure_administrator, refuse_taken
from hub.models import Channel, ReferencePattern, SlashCommand, TriggerRule
from hub.starting import load_starter_set
from tests.factories import make_server, make_source
from tests.running import free_port

EVERYWHERE = "0.0.0.0"  # noqa: S104  # looked at, and not bound to


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield int(other.getsockname()[1])


def test_a_taken_port_is_named_with_the_option_that_changes_it(taken_port: int) -> None:
    address = Address("127.0.0.1", taken_port, "--mattermost-port")

    with pytest.raises(CommandError, match=rf"Port {taken_port} is taken .* --mattermost-port\."):
        refuse_taken(address)


def test_a_port_that_was_in_use_a_moment_ago_is_free() -> None:
    port = free_port()
    server = socket.create_server(("127.0.0.1", port))
    client = socket.create_connection(("127.0.0.1", port))
    server.accept()[0].close()  # the side that closes first is the one that lingers
    server.close()
    client.close()

    refuse_taken(Address("127.0.0.1", port, "--port"))


@pytest.mark.parametrize(
    ("host", "port", "sentence"),
    [
        ("127.0.0.1", 99_999, "99999 is no port"),
        ("203.0.113.9", 8000, "Nothing can listen on 203.0.113.9:8000"),
    ],
)
def test_what_cannot_be_listened_on_is_refused(host: str, port: int, sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        refuse_taken(Address(host, port, "--port"))


@pytest.mark.parametrize(
    ("host", "bind", "url"),
    [
        ("127.0.0.1", "127.0.0.1:8000", "http://127.0.0.1:8000"),
        (EVERYWHERE, f"{EVERYWHERE}:8000", "http://127.0.0.1:8000"),
        ("::1", "[::1]:8000", "http://[::1]:8000"),
        ("::", "[::]:8000", "http://[::1]:8000"),
    ],
)
def test_an_address_is_written_as_servers_and_as_clients_need_it(
    host: str, bind: str, url: str
) -> None:
    address = Address(host, 8000, "--port")

    assert (address.bind, address.url) == (bind, url)


@pytest.mark.django_db
def test_the_administrator_is_made_once_and_can_log_in() -> None:
    password = ensure_administrator()

    again = ensure_administrator()

    assert get_user_model().objects.get().check_password(password)
    assert again == ""


@pytest.mark.django_db
def test_an_administrator_of_any_name_is_enough() -> None:
    get_user_model().objects.create_superuser("anja", password="x")

    assert ensure_administrator() == ""
    assert get_user_model().objects.count() == 1


@pytest.mark.django_db
def test_preparing_twice_changes_nothing_and_shows_no_password() -> None:
    first, second = StringIO(), StringIO()
    call_command("up", "--prepare-only", stdout=first)
    made = (Channel.objects.count(), TriggerRule.objects.count())

    call_command("up", "--prepare-only", stdout=second)

    assert "password" in first.getvalue()
    assert "shown this once" not in second.getvalue()
    assert (Channel.objects.count(), TriggerRule.objects.count()) == made


@pytest.mark.django_db
def test_a_hub_that_delivers_to_a_real_mattermost_refuses_to_be_a_demo() -> None:
    make_server(base_url="https://chat.example.test", bot_token="secret")

    with pytest.raises(CommandError, match=r"chat\.example\.test already: start it with --no-demo"):
        refuse_real_use()


@pytest.mark.django_db
def test_a_demo_may_be_started_again() -> None:
    make_server(base_url="http://127.0.0.1:8065", bot_token="secret")

    refuse_real_use()


@pytest.mark.django_db
def test_the_starter_set_has_commands_and_the_patterns_of_its_sources() -> None:
    load_starter_set()

    patterns = {row.source.integration: row.pattern for row in ReferencePattern.objects.all()}
    assert [str(row) for row in SlashCommand.objects.all()] == ["/hub", "/reply", "/ticket"]
    assert patterns["zammad"] == r"ZD#\d+"
    assert set(patterns) == {"erpnext", "redmine", "zammad"}


@pytest.mark.django_db
def test_zammads_pattern_is_tried_before_the_one_that_takes_any_prefix() -> None:
    load_starter_set()

    order = [row.source.integration for row in ReferencePattern.objects.all()]
    assert order.index("zammad") < order.index("redmine")


@pytest.mark.django_db
def test_commands_and_patterns_that_were_edited_or_deleted_stay_so() -> None:
    load_starter_set()
    SlashCommand.objects.get(trigger="ticket").delete()
    SlashCommand.objects.filter(trigger="reply").update(trigger="antwoord")
    ReferencePattern.objects.get(source__integration="redmine").delete()
    ReferencePattern.objects.filter(source__integration="zammad").update(pattern=r"T#\d+")

    load_starter_set()

    patterns = set(ReferencePattern.objects.values_list("pattern", flat=True))
    assert {str(row) for row in SlashCommand.objects.all()} == {"/antwoord", "/hub"}
    assert r"T#\d+" in patterns
    assert not patterns & {r"ZD#\d+", r"#\d+|[A-Za-z][\w-]*#\d+"}


@pytest.mark.django_db
def test_a_second_source_of_a_sort_gets_no_pattern_of_its_own() -> None:
    load_starter_set()
    make_source("redmine", "CRM")

    load_starter_set()

    assert not ReferencePattern.objects.filter(source__name="CRM").exists()
