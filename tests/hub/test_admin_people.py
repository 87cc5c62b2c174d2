"""People in the admin: the review, merging, splitting, looking again; outgoing webhooks."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from hub.admin.navigation import sidebar
from hub.models import Account, OutgoingWebhook, Person
from hub.people import account_in, find_person
from hub.secrets import hash_token
from tests.factories import NOON, make_channel, make_server, make_source
from tests.hub.admin_pages import client_of, messages_of, page_url, text_of
from tests.hub.directory import DIRECTORY, Directory, anja, directory

__all__ = ["directory"]

pytestmark = pytest.mark.django_db

State = Account.State


def make_account(person: Person, external_id: str = "7", **fields: Any) -> Account:
    source = fields.pop("source", None) or make_source(name=f"Source {external_id}")
    return Account.objects.create(
        person=person, source=source, external_id=external_id, login=external_id, **fields
    )


def act(client: Client, model: str, action: str, *rows: Any, **fields: Any) -> Any:
    body = {"action": action, "_selected_action": [row.pk for row in rows], **fields}
    return client.post(page_url(model, "changelist"), body, follow=True)


def listed(client: Client) -> list[str]:
    page = client.get(page_url("account", "changelist"))
    return [row.login for row in page.context["cl"].result_list]


def test_what_is_doubtful_stands_first(admin_client: Client) -> None:
    one = Person.objects.create(name="Anja", email="anja@example.test")
    Person.objects.create(name="Twin", email="twin@example.test")
    make_account(one, "confirmed", state=State.CONFIRMED)
    make_account(one, "certain", name="ANJA")
    make_account(one, "named", name="Somebody")
    make_account(one, "twin", name="Anja", email="twin@example.test")

    assert listed(admin_client) == ["twin", "named", "certain", "confirmed"]


def test_the_list_says_what_is_doubtful(admin_client: Client) -> None:
    person = Person.objects.create(name="Anja", email="anja@example.test")
    make_account(person, name="Somebody")

    assert "another name" in text_of(admin_client.get(page_url("account", "changelist")))


def test_accounts_are_confirmed_together(admin_client: Client) -> None:
    person = Person.objects.create(name="Anja")
    rows = [make_account(person, "1"), make_account(person, "2")]

    page = act(admin_client, "account", "confirm_selected", *rows)

    assert messages_of(page) == ["2 accounts were changed."]
    assert set(Account.objects.values_list("state", flat=True)) == {State.CONFIRMED}


def test_what_was_rejected_is_not_confirmed_by_the_way(admin_client: Client) -> None:
    row = make_account(Person.objects.create(name="Anja"), state=State.REJECTED)

    page = act(admin_client, "account", "confirm_selected", row)

    assert messages_of(page) == ["0 accounts were changed."]


def test_a_rejection_is_kept_with_who_said_so(admin_client: Client) -> None:
    row = make_account(Person.objects.create(name="Anja"))

    act(admin_client, "account", "reject_selected", row)

    row.refresh_from_db()
    assert row.state == State.REJECTED
    assert row.history.first().history_user.username == "admin"


def test_an_account_is_split_off(admin_client: Client) -> None:
    row = make_account(Person.objects.create(name="Anja"), name="Somebody")

    act(admin_client, "account", "split_selected", row)

    assert Person.objects.get(name="Somebody").accounts.get().state == State.CONFIRMED


def test_two_people_become_one_after_a_question(admin_client: Client) -> None:
    kept = Person.objects.create(name="Anja")
    gone = Person.objects.create(name="A. Voorbeeld", email="anja@example.test")
    make_account(gone)

    question = act(admin_client, "person", "merge_selected", kept, gone)
    asked = text_of(question)
    act(admin_client, "person", "merge_selected", kept, gone, kept=kept.pk)

    assert "Which one stays?" in asked
    assert list(Person.objects.values_list("name", "email")) == [("Anja", "anja@example.test")]
    assert kept.accounts.count() == 1


def test_one_person_cannot_be_merged(admin_client: Client) -> None:
    page = act(admin_client, "person", "merge_selected", Person.objects.create(name="Anja"))

    assert messages_of(page) == ["Choose two people or more."]


def test_an_account_of_no_system_is_refused_in_words(admin_client: Client) -> None:
    person = Person.objects.create(name="Anja")
    form = {"person": person.pk, "state": State.CONFIRMED}

    page = text_of(admin_client.post(page_url("account", "add"), form))

    assert "Choose a source or a Mattermost server: one of the two." in page
    assert "Fill in the id that the account has there." in page
    assert "Constraint" not in page


def test_an_account_that_is_not_there_has_no_id(admin_client: Client) -> None:
    person = Person.objects.create(name="Anja")
    form = {"person": person.pk, "source": make_source().pk, "state": State.ABSENT}

    page = text_of(admin_client.post(page_url("account", "add"), form | {"external_id": "7"}))

    assert "Leave it empty: there is no account there." in page
    assert "Constraint" not in page


def test_who_may_not_change_accounts_is_not_offered_to() -> None:
    row = make_account(Person.objects.create(name="Anja"))
    client = client_of("view_account", "view_person")

    act(client, "account", "confirm_selected", row)

    row.refresh_from_db()
    assert row.state == State.MATCHED


def test_accounts_are_looked_for_again_at_once(admin_client: Client, directory: Directory) -> None:
    person = find_person(make_server(is_active=False), anja())
    source = make_source(DIRECTORY, "Zammad", base_url="http://directory.example.test")
    account_in(person, source, timezone.now())
    directory.add("anja@example.test", "7")

    page = act(admin_client, "person", "look_for_accounts", person)

    assert messages_of(page) == ["1 account was found."]
    assert person.accounts.get(source=source).external_id == "7"


def test_that_nobody_is_there_is_not_shown_as_an_account(
    admin_client: Client, directory: Directory
) -> None:
    person = Person.objects.create(name="Anja", email="anja@example.test")
    source = make_source(DIRECTORY, "Zammad", base_url="http://directory.example.test")
    account_in(person, source, NOON)

    page = admin_client.get(page_url("person", "change", person.pk))

    [formset] = page.context["inline_admin_formsets"]
    assert formset.formset.initial_form_count() == 0


def test_the_menu_counts_what_waits_for_review(admin_client: Client, rf: Any) -> None:
    make_account(Person.objects.create(name="Anja"))
    request = rf.get("/")
    request.user = admin_client.get("/admin/").wsgi_request.user

    entries = {entry["title"]: entry for group in sidebar(request) for entry in group["items"]}

    assert entries["Accounts"]["badge"] == "1"


def test_the_page_of_an_outgoing_webhook_shows_its_address_and_not_its_token(
    admin_client: Client,
) -> None:
    channel = make_channel()
    admin_client.post(
        page_url("outgoingwebhook", "add"), {"channel": channel.pk, "token": "a-secret-token"}
    )
    row = OutgoingWebhook.objects.get()

    page = admin_client.get(page_url("outgoingwebhook", "change", row.pk)).content.decode()

    assert row.token_sha256 == hash_token("a-secret-token")
    assert f"/outgoing/{row.key}" in page
    assert "a-secret-token" not in page


def test_an_empty_token_leaves_the_one_that_is_there(admin_client: Client) -> None:
    row = OutgoingWebhook.objects.create(channel=make_channel(), token_sha256="x" * 64)

    admin_client.post(
        page_url("outgoingwebhook", "change", row.pk), {"channel": row.channel_id, "token": ""}
    )

    row.refresh_from_db()
    assert (row.token_sha256, row.previous_sha256) == ("x" * 64, "")


def test_an_outgoing_webhook_needs_a_public_channel(admin_client: Client) -> None:
    channel = make_channel(kind="private")

    page = admin_client.post(page_url("outgoingwebhook", "add"), {"channel": channel.pk})

    assert "only what is said in public channels" in text_of(page)
