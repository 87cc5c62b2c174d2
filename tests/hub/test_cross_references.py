"""References to other systems in a message become links: to the right one, or to none."""

import json
from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from hub import registry
from hub.contracts import JSONObject, JSONValue, ParsedEvent, SourceView
from hub.cross_references import link_references
from hub.explaining import recall
from hub.matching import Parsed, Received
from hub.models import Delivery, Event, Reference, Source
from tests.factories import (
    NOON,
    make_channel,
    make_event,
    make_request,
    make_rule,
    make_source,
)
from tests.pumping import Pump
from tests.standins.mattermost import MattermostStandin

pytestmark = pytest.mark.django_db
FORGE_URL = "https://git.example.test/acme/portal/issues/23"


@pytest.fixture
def git() -> Source:
    return make_source("git", "Git")


def make_reference(
    source: Source, display: str, title: str = "Webshop down", **fields: object
) -> Reference:
    fields = {"external_id": display, "updated_at": NOON} | fields
    url = f"https://{source.integration}.example.test/{source.pk}"
    return Reference.objects.create(source=source, display=display, title=title, url=url, **fields)


def mentioning(source: Source, *mentioned: tuple[str, str]) -> Parsed:
    """An event of `source` that names these, with the address its integration would give them."""
    integration = registry.get(source.integration)
    assert integration is not None
    view = SourceView(source.name, options=source.options)
    received = Received(1, source.pk, source.name, integration, view, make_request())
    listed: list[JSONValue] = [{"reference": name, "url": url} for name, url in mentioned]
    return Parsed(received, ParsedEvent(kinds=("git.push",), data={"mentioned": listed}))


def linked(parsed: Parsed) -> list[JSONObject]:
    [found] = link_references([parsed])
    assert found.event is not None
    return found.event.data["mentioned"]  # type: ignore[return-value]  # as it was put in


def urls(parsed: Parsed) -> list[JSONValue]:
    return [one["url"] for one in linked(parsed)]


def test_a_reference_that_the_hub_knows_gets_its_address_and_title(git: Source) -> None:
    reference = make_reference(make_source(), "ZD#74001")

    found = linked(mentioning(git, ("ZD#74001", "")))

    assert found == [{"reference": "ZD#74001", "url": reference.url, "title": "Webshop down"}]


def test_a_private_one_is_named_without_its_title(git: Source) -> None:
    reference = make_reference(make_source(), "ZD#74001", is_private=True)

    found = linked(mentioning(git, ("ZD#74001", "")))

    assert found == [{"reference": "ZD#74001", "url": reference.url, "title": ""}]


def test_an_unknown_one_stays_text(git: Source) -> None:
    make_source()

    assert urls(mentioning(git, ("ZD#74001", ""))) == [""]


def test_a_number_is_the_forges_own_where_no_other_system_writes_so(git: Source) -> None:
    make_source("zammad")

    assert urls(mentioning(git, ("#23", FORGE_URL))) == [FORGE_URL]


def test_a_number_may_be_redmines_and_is_linked_only_once_it_is_known(git: Source) -> None:
    redmine = make_source("redmine", "Redmine")

    before = urls(mentioning(git, ("#23", FORGE_URL)))
    reference = make_reference(redmine, "#23")
    after = urls(mentioning(git, ("#23", FORGE_URL)))

    assert (before, after) == ([""], [reference.url])


def test_a_source_that_is_switched_off_claims_nothing(git: Source) -> None:
    make_source("redmine", "Redmine", is_active=False)

    assert urls(mentioning(git, ("#23", FORGE_URL))) == [FORGE_URL]


def test_what_two_sources_have_is_linked_to_neither(git: Source) -> None:
    make_reference(make_source("redmine", "One"), "#23")
    make_reference(make_source("redmine", "Two"), "#23")

    assert urls(mentioning(git, ("#23", FORGE_URL))) == [""]


def test_the_option_says_which_of_two_sources_is_meant(git: Source) -> None:
    one = make_source("redmine", "One")
    make_reference(one, "#23")
    make_reference(one, "#24")
    reference = make_reference(make_source("redmine", "Two"), "#23")
    ticket = make_reference(make_source(), "ZD#74001")
    git.options = {"references_source": "Two"}

    found = urls(mentioning(git, ("#23", FORGE_URL), ("#24", FORGE_URL), ("ZD#74001", "")))

    assert found == [reference.url, "", ticket.url]


def test_the_option_may_name_the_forge_itself(git: Source) -> None:
    make_reference(make_source("redmine", "Redmine"), "#23")
    ticket = make_reference(make_source(), "ZD#74001")
    git.options = {"references_source": "Git"}

    found = urls(mentioning(git, ("#23", FORGE_URL), ("ZD#74001", "")))

    assert found == [FORGE_URL, ticket.url]


def test_of_a_number_that_was_used_twice_the_later_one_counts(git: Source) -> None:
    redmine = make_source("redmine", "Redmine")
    make_reference(redmine, "#23", "Old", created_marker="2024")
    make_reference(redmine, "#23", "New", created_marker="2026")

    assert linked(mentioning(git, ("#23", "")))[0]["title"] == "New"


def test_a_batch_without_mentions_asks_nothing(
    git: Source, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        link_references([mentioning(git), mentioning(git)])


def test_a_batch_with_many_mentions_asks_twice(
    git: Source, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_reference(make_source(), "ZD#74001")
    batch = [mentioning(git, (f"ZD#{number}", "")) for number in range(74001, 74051)]

    with django_assert_num_queries(2):
        link_references(batch)


@pytest.mark.django_db(transaction=True)
def test_a_push_links_the_ticket_its_commit_names(git: Source, standin: MattermostStandin) -> None:
    reference = make_reference(make_source(), "ZD#74001")
    make_rule(make_channel("development"), integration="git")
    event = make_push(git, "Repair the login (ZD#74001)")
    pump = Pump()

    pump.matcher.match_batch(1)
    pump.close()

    message = json.dumps(Delivery.objects.get(event=event).message)
    recalled = recall(Event.objects.get(pk=event.pk))
    assert f"[ZD#74001]({reference.url})" in message.replace("&#35;", "#").replace("\\", "")
    assert recalled is not None
    assert recalled.context["mentioned"] == Event.objects.get(pk=event.pk).data["mentioned"]


def make_push(source: Source, message: str) -> Event:
    commit = {"id": "2" * 40, "message": message, "url": "https://git.example.test/c/2"}
    body = {
        "ref": "refs/heads/main",
        "after": commit["id"],
        "commits": [commit],
        "head_commit": commit,
        "repository": {
            "full_name": "acme/portal",
            "html_url": "https://git.example.test/acme/portal",
            "default_branch": "main",
        },
    }
    headers = {"x-github-event": "push"}
    received_at = NOON + timedelta(seconds=1)
    return make_event(
        source, body=json.dumps(body).encode(), headers=headers, received_at=received_at
    )
