"""The systems of the demo: what the traffic tells about is there, and people can look at it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.request import Request as UrlRequest
from urllib.request import urlopen

import pytest

from tests.standins.ensemble import Setting, play
from tests.standins.platform import Platform
from tests.standins.stories import Request, load_recordings
from tests.standins.traffic import INTEGRATIONS, Trickle

KEY, SECRET = "key-of-the-hub", "signing-secret"
NUMBER = 80_000
SYSTEMS = ("zammad", "redmine", "git", "erpnext", "n8n")


@pytest.fixture
def platform() -> Iterator[Platform]:
    with Platform(KEY, NUMBER) as platform:
        yield platform


def traffic(platform: Platform, count: int) -> list[Request]:
    """The first requests of the demo, each learnt before it would be sent."""
    recordings = {
        "zammad": {one.name: one for one in load_recordings(INTEGRATIONS / "zammad" / "payloads")}
    }
    trickle = Trickle(recordings, secret=SECRET, first_number=NUMBER)
    setting = Setting(platform.redmine.site, platform.n8n.url)
    requests = play(
        lambda: trickle.next_request(datetime.now(UTC)),
        SYSTEMS,
        secret=SECRET,
        first_number=NUMBER,
        setting=setting,
    )
    told = []
    for _, request in zip(range(count), requests, strict=False):
        platform.learn(request)
        told.append(request)
    return told


def ask(url: str, **headers: str) -> Any:
    with urlopen(UrlRequest(url, headers=headers), timeout=5) as response:
        return json.load(response)


def page(url: str) -> str:
    with urlopen(url, timeout=5) as response:
        return str(response.read().decode())


def test_every_ticket_that_the_traffic_tells_about_can_be_asked_for(platform: Platform) -> None:
    told = traffic(platform, 16)

    tickets = [json.loads(one.body)["ticket"] for one in told if one.integration == "zammad"]
    documents = [json.loads(one.body)["doc"] for one in told if one.integration == "erpnext"]
    issues = [json.loads(one.body)["data"]["issue"] for one in told if one.integration == "redmine"]
    token = {"Authorization": f"Token token={KEY}"}
    found = [ask(f"{platform.zammad.url}/api/v1/tickets/{one['id']}", **token) for one in tickets]
    assert [one["number"] for one in found] == [one["number"] for one in tickets]
    assert {one["id"] for one in issues} <= set(platform.redmine.site.issues)
    assert all(one["name"] in platform.erpnext.documents[one["doctype"]] for one in documents)


def test_what_the_help_names_is_there_from_the_start(platform: Platform) -> None:
    assert "ZD#74001" in page(f"{platform.zammad.url}/")
    assert "#23 Show the delivery date" in page(f"{platform.redmine.url}/issues/23")
    assert "Phase 1" in page(f"{platform.erpnext.url}/app/task/TASK-2025-00006")


def test_a_note_is_shown_as_text_under_its_ticket(platform: Platform) -> None:
    desk = platform.zammad.desk
    body = "<p>All is <b>well</b></p><script>alert(1)</script>"

    desk.add_article({"ticket_id": 4711, "body": body, "internal": True}, desk.users[102])

    shown = page(f"{platform.zammad.url}/")
    assert 'id="ticket/zoom/4711"' in shown
    assert "Anja Voorbeeld, internal" in shown
    assert "All is well" in shown
    assert "<script" not in shown


def test_the_first_request_for_a_decision_comes_early(platform: Platform) -> None:
    told = traffic(platform, 3)

    (request,) = [one for one in told if one.integration == "n8n"]
    body = json.loads(request.body)
    assert [one["name"] for one in body["actions"]] == ["Approve", "Reject"]
    assert body["context"]["resume_url"].startswith(platform.n8n.url)
