"""From the forges' webhooks to threads in Mattermost, through real sockets."""

from collections.abc import Iterator
from itertools import islice

import pytest
from django.test import Client

from hub.demo import SIGNING_SECRET, StandinMattermost, load_demo
from hub.models import Channel, Event, SourceState
from tests.pumping import Pump
from tests.standins.git import payloads
from tests.standins.git.sending import github
from tests.standins.git.traffic import traffic
from tests.standins.mattermost import MattermostStandin
from tests.standins.outgoing import OutgoingRequest

pytestmark = pytest.mark.django_db
ROUND = 14  # requests that belong together
BROKEN_BY_SIX = {"rank": [70_006, 1], "is_broken": True, "failed_count": 1, "began": "70006.1"}


@pytest.fixture
def hook(standin: MattermostStandin) -> str:
    path = load_demo(StandinMattermost(standin.url, standin.token))["git"]
    Channel.objects.update(language="en")
    return path


@pytest.fixture
def pump() -> Iterator[Pump]:
    pump = Pump()
    yield pump
    pump.close()


def post(client: Client, hook: str, *requests: OutgoingRequest) -> list[int]:
    return [
        client.post(
            hook, one.body, content_type=one.headers["Content-Type"], headers=dict(one.headers)
        ).status_code
        for one in requests
    ]


def run(number: int, conclusion: str) -> OutgoingRequest:
    payload = payloads.github_run(number, conclusion)
    return github("workflow_run", payload, secret=SIGNING_SECRET)


def threads(standin: MattermostStandin) -> dict[str, list[str]]:
    """The first words of each post, by the post they stand under."""
    found: dict[str, list[str]] = {}
    for one in sorted(standin.posts(channel="development"), key=lambda one: one["create_at"]):
        found.setdefault(one["root_id"] or one["id"], []).append(one["message"].split("](")[0])
    return found


def test_traffic_of_all_forges_threads_together(
    client: Client, hook: str, pump: Pump, standin: MattermostStandin
) -> None:
    codes = post(client, hook, *islice(traffic(SIGNING_SECRET), ROUND))

    pump.run()

    assert codes == [202] * ROUND
    assert ["Sam Smit opened issue [infra#58", "Sam Smit closed issue [infra#58"] in threads(
        standin
    ).values()
    assert ["[Pipeline 5116", "[Pipeline 5117"] in threads(standin).values()


def test_a_recovery_ends_the_thread_of_its_failure_and_other_successes_are_silent(
    client: Client, hook: str, pump: Pump, standin: MattermostStandin
) -> None:
    words = ("success", "failure", "failure", "success", "success", "failure")
    runs = [run(number, word) for number, word in enumerate(words, start=1)]

    post(client, hook, *runs)
    pump.run()

    assert [*threads(standin).values()] == [["[CI 2", "[CI 3", "[CI 4"], ["[CI 6"]]
    assert Event.objects.filter(note="nothing was broken").count() == 2
    assert SourceState.objects.get().value == BROKEN_BY_SIX


def test_a_ping_is_taken_and_ignored(client: Client, hook: str, pump: Pump) -> None:
    ping = github("ping", payloads.github_ping(), secret=SIGNING_SECRET)

    codes = post(client, hook, ping)
    pump.run()

    assert codes == [202]
    assert Event.objects.get().state == "ignored"
