"""What `manage.py up` and `manage.py demo` do before anything runs."""

import socket
from collections.abc import Iterator
from datetime import time
from io import StringIO

import pytest
import yaml
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from hub import registry
from hub.management.commands.demo import refuse_real_use
from hub.management.first_steps import Address, ensure_administrator, refuse_taken
from hub.models import Channel, ReferencePattern, SlashCommand, TriggerRule
from hub.starting import load_starter_set, make_rule
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


def starter_rule(**fields: object) -> TriggerRule:
    """As the rules.yaml of Zammad would have it."""
    integration = registry.get("zammad")
    assert integration is not None
    return make_rule({"key": "zammad-own", "name": "Own"} | fields, integration, {})


@pytest.mark.django_db
def test_a_starter_rule_may_set_what_an_admin_may() -> None:
    written = """
        mentions: "@owner"
        repeat_minutes: 10
        group_seconds: 60
        quiet_from: 22:00
        quiet_until: 07:30
        quiet_days: [4, 5]
        quiet_afterwards: digest
        does_urgent_pass: false
        press_audience: listed
        press_usernames: "@anja @bart"
        is_press_members_only: true
        presses_needed: 2
        press_hours: 24
        has_card: false
        is_active: false
        reaction:
    """

    rule = starter_rule(**yaml.safe_load(written))

    rule.refresh_from_db()
    assert (rule.quiet_from, rule.quiet_until) == (time(22, 0), time(7, 30))
    assert (rule.quiet_days, rule.quiet_afterwards) == ([4, 5], "digest")
    assert (rule.repeat_minutes, rule.group_seconds, rule.mentions) == (10, 60, "@owner")
    assert (rule.press_audience, rule.press_usernames) == ("listed", "@anja @bart")
    assert (rule.presses_needed, rule.press_hours, rule.is_press_members_only) == (2, 24, True)
    assert (rule.has_card, rule.is_active, rule.does_urgent_pass) == (False, False, False)
    assert rule.reaction == ""


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"repeat_minutes": "often"}, "repeat_minutes"),
        ({"repeat_minutes": 99_999}, "repeat_minutes"),
        ({"group_seconds": [60]}, "group_seconds"),
        ({"quiet_from": "22:00"}, "quiet_until"),
        ({"quiet_from": 9_999, "quiet_until": "07:00"}, "quiet_from"),
        ({"quiet_from": "late", "quiet_until": {}}, "quiet_from"),
        ({"quiet_days": "monday"}, "quiet_days"),
        ({"press_audience": "friends"}, "press_audience"),
        ({"press_audience": "listed"}, "press_usernames"),
        ({"presses_needed": 3}, "presses_needed"),
        ({"mentions": "anja"}, "mentions"),
        ({"kinds": "ticket.created"}, "kinds"),
        ({"name": None}, "name"),
    ],
)
def test_a_starter_rule_that_is_not_well_made_is_refused(
    fields: dict[str, object], field: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        starter_rule(**fields)

    assert field in refused.value.message_dict
    assert not TriggerRule.objects.exists()


@pytest.mark.django_db
def test_a_mistyped_field_of_a_starter_rule_is_named() -> None:
    with pytest.raises(ValidationError, match="A rule has no repeat_minuts"):
        starter_rule(repeat_minuts=10)
