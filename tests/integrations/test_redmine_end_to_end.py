"""From Redmine to the channel: webhooks, looking, and both for the same change."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest
import time_machine
from django.test import Client

from hub.demo import SIGNING_SECRET, StandinMattermost, load_demo
from hub.models import Event, Source
from hub.polling import poll_source
from tests.factories import NOON
from tests.integrations.redmine_requests import ANJA, KEY, ROBIN, USERS
from tests.pumping import Pump
from tests.standins.mattermost import MattermostStandin
from tests.standins.outgoing import OutgoingRequest
from tests.standins.redmine import NativeWebhook, RedmineStandin, Site, traffic

pytestmark = pytest.mark.django_db
WEBHOOK = NativeWebhook(SIGNING_SECRET)


@pytest.fixture
def hook(standin: MattermostStandin) -> str:
    """The starter set, delivering to the stand-in."""
    return load_demo(StandinMattermost(standin.url, standin.token))["redmine"]


@pytest.fixture
def pump() -> Iterator[Pump]:
    pump = Pump()
    yield pump
    pump.close()


@pytest.fixture
def redmine(hook: str) -> Iterator[RedmineStandin]:
    """A Redmine that the source knows and may look into."""
    with RedmineStandin(Site(NOON, USERS)) as redmine:
        source = Source.objects.get(integration="redmine")
        source.base_url, source.credentials = redmine.url, {"api_key": KEY}
        source.options = {"poll": "yes"}
        source.save()
        yield redmine


def send(client: Client, hook: str, request: OutgoingRequest) -> int:
    headers: Any = {name: value for name, value in request.headers.items() if "Type" not in name}
    response = client.post(hook, request.body, content_type="application/json", headers=headers)
    return response.status_code


def texts(standin: MattermostStandin) -> list[str]:
    return [post["message"] for post in standin.posts(channel="development")]


def test_an_issue_is_one_thread_from_its_making_to_its_closing(
    client: Client, hook: str, pump: Pump, standin: MattermostStandin
) -> None:
    story = islice(traffic(SIGNING_SECRET), 6)

    statuses = {send(client, hook, request) for request in story}
    pump.run()

    assert statuses == {202}
    assert texts(standin) == [
        "New: Login fails after the update",
        "#2300 to In Progress",
        "#2300 to Feedback",
        "Closed: #2300",
    ]
    assert len({post["root_id"] or post["id"] for post in standin.posts("development")}) == 1


def test_a_change_that_was_sent_and_found_is_told_once(
    client: Client,
    hook: str,
    pump: Pump,
    standin: MattermostStandin,
    redmine: RedmineStandin,
    clock: time_machine.Traveller,
) -> None:
    source = Source.objects.get(integration="redmine")
    poll_source(source)
    clock.shift(60)
    issue = redmine.site.create(ROBIN, "Login fails")
    send(client, hook, WEBHOOK.created(redmine.site, issue))
    redmine.site.update(issue, ANJA, status_id=2)

    new_count = poll_source(source)
    pump.run()

    assert new_count == 1
    assert texts(standin) == ["New: Login fails", "#1 to In Progress"]
    assert sorted(Event.objects.values_list("is_polled", "duplicate_count")) == [
        (False, 1),
        (True, 0),
    ]
