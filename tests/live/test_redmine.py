"""The hub against a real Redmine: the connection check, and looking for what has changed."""

import pytest

from hub.contracts import Health
from hub.demo import StandinMattermost, load_demo
from hub.models import Event, Monitor, Source
from hub.monitoring import probe
from hub.polling import poll_problems, poll_source
from tests.live.redmine import Redmine, wait_for_the_next_second
from tests.pumping import Pump
from tests.standins.mattermost import MattermostStandin

pytestmark = [pytest.mark.live, pytest.mark.django_db, pytest.mark.timeout(1800)]


@pytest.fixture
def source(redmine: Redmine, standin: MattermostStandin) -> Source:
    """Of the starter set, which delivers to the stand-in; it has looked once."""
    load_demo(StandinMattermost(standin.url, standin.token))
    source = Source.objects.get(integration="redmine")
    source.base_url, source.credentials = redmine.url, {"api_key": redmine.admin_key}
    source.options = {"poll": "yes", "poll_seconds": 0}
    source.save()
    redmine.create_issue("What was there before")
    poll_source(source)
    wait_for_the_next_second()
    return source


def kinds() -> list[str]:
    return list(Event.objects.order_by("pk").values_list("kind", flat=True))


def test_the_connection_check_says_that_redmine_is_well(source: Source) -> None:
    assert probe(Monitor(source=source)) == Health(True)


def test_the_connection_check_says_that_the_key_is_wrong(source: Source) -> None:
    source.credentials = {"api_key": "0" * 40}

    health = probe(Monitor(source=source))

    assert health.is_up
    assert "does not know the key" in health.problem


def test_the_first_look_announces_nothing(source: Source) -> None:
    assert not Event.objects.exists()
    assert poll_problems([source]) == {}


def test_an_issue_is_found_from_its_making_to_its_closing(
    source: Source, redmine: Redmine, pump: Pump, standin: MattermostStandin
) -> None:
    issue_id = redmine.create_issue("Login fails after the update")
    redmine.update_issue(issue_id, notes="I see it, too", login=redmine.mapped_login)
    redmine.update_issue(issue_id, status_id=5)

    found = poll_source(source)
    found_again = poll_source(source)
    pump.run()

    texts = [post["message"] for post in standin.posts(channel="development")]
    assert (found, found_again) == (3, 0)
    assert kinds() == ["issue.created", "issue.commented", "issue.closed"]
    assert texts[0] == "New: Login fails after the update"
    assert texts[-1] == f"Closed: #{issue_id}"


def test_a_note_is_told_with_the_name_of_who_wrote_it(
    source: Source, redmine: Redmine, pump: Pump
) -> None:
    issue_id = redmine.create_issue("Printer on fire")
    poll_source(source)
    pump.run()
    redmine.update_issue(issue_id, notes="On my way", login=redmine.mapped_login)

    poll_source(source)
    pump.run()

    note = Event.objects.latest("pk")
    assert (note.kind, note.actor) == ("issue.commented", "Bart Visser")
    assert note.reference is not None
    assert note.reference.display == f"#{issue_id}"


def test_a_private_note_is_private(source: Source, redmine: Redmine, pump: Pump) -> None:
    issue_id = redmine.create_issue("Contract")
    redmine.update_issue(issue_id, notes="Not for the customer", private_notes=True)

    poll_source(source)
    pump.run()

    assert Event.objects.latest("pk").is_private
