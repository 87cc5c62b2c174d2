"""Looking for changes in a Redmine that sends none, and the sample traffic."""

import json
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import Any

import pytest

from hub.contracts import DeliveryError, JSONObject, Polled, SourceView
from integrations.redmine import INTEGRATION, events
from tests.integrations.redmine_requests import (
    ANJA,
    NOW,
    ROBIN,
    USERS,
    enrich,
    from_outgoing,
    parse,
    source_of,
)
from tests.standins.redmine import NativeWebhook, RedmineStandin, Site, traffic

MINUTE = timedelta(minutes=1)
WEBHOOK = NativeWebhook("secret")


@pytest.fixture
def redmine() -> Iterator[RedmineStandin]:
    with RedmineStandin(Site(NOW, USERS)) as redmine:
        yield redmine


def poll(redmine: RedmineStandin, state: JSONObject) -> Polled:
    """A minute later each time; the state goes through the database, as JSON."""
    assert INTEGRATION.poll is not None
    polled = INTEGRATION.poll(source_of(redmine), json.loads(json.dumps(state)), NOW)
    redmine.site.now += MINUTE
    return polled


def keys(polled: Polled) -> list[str | None]:
    return [events.identify(request).dedup_key for request in polled.requests]


def test_the_first_look_announces_nothing(redmine: RedmineStandin) -> None:
    redmine.site.update(redmine.site.create(ROBIN, "Old"), ANJA, notes="Old news")

    first = poll(redmine, {})
    second = poll(redmine, first.state)

    assert (first.requests, second.requests) == ((), ())


def test_what_is_made_and_changed_later_is_announced_once(redmine: RedmineStandin) -> None:
    old = redmine.site.create(ROBIN, "Old")
    first = poll(redmine, {})
    redmine.site.update(old, ANJA, notes="Seen it")
    redmine.site.create(ROBIN, "New one")

    second = poll(redmine, first.state)
    third = poll(redmine, second.state)

    assert keys(second) == ["journal:1", "created:2:2026-11-24T09:01:00Z"]
    assert third.requests == ()
    assert second.requests[0].is_polled


def test_in_an_empty_redmine_the_first_issue_is_announced(redmine: RedmineStandin) -> None:
    first = poll(redmine, {})
    redmine.site.create(ROBIN, "The very first")

    assert keys(poll(redmine, first.state)) == ["created:1:2026-11-24T09:01:00Z"]


def test_what_is_found_has_the_key_of_its_webhook(redmine: RedmineStandin) -> None:
    first = poll(redmine, {})
    issue = redmine.site.create(ROBIN, "New one")
    sent = [WEBHOOK.created(redmine.site, issue)]
    sent += WEBHOOK.updated(redmine.site, redmine.site.update(issue, ANJA, status_id=2))

    found = poll(redmine, first.state)

    assert keys(found) == [events.identify(from_outgoing(one)).dedup_key for one in sent]


def test_each_journal_is_told_with_the_status_it_led_to(redmine: RedmineStandin) -> None:
    first, source = poll(redmine, {}), source_of(redmine)
    issue = redmine.site.create(ROBIN, "New one")
    redmine.site.update(issue, ANJA, status_id=2, assigned_to_id=ANJA.id)
    redmine.site.update(issue, ANJA, status_id=5, assigned_to_id=None)
    redmine.site.update(issue, ANJA, status_id=4)

    found = poll(redmine, first.state).requests
    told = [enrich(parse(one, source), source, {}) for one in found]

    assert [(one.kinds[0], one.data["status"], one.data["assignee"]) for one in told[1:]] == [
        ("issue.status_changed", "In Progress", "Anja Klein"),
        ("issue.closed", "Closed", ""),
        ("issue.reopened", "Feedback", ""),
    ]
    assert told[0].data["status_id"] == "1"


def test_a_change_in_the_second_of_the_look_is_found_by_the_next_one(
    redmine: RedmineStandin,
) -> None:
    first = poll(redmine, {})
    issue = redmine.site.create(ROBIN, "New one")
    second = poll(redmine, first.state)
    redmine.site.now -= MINUTE
    redmine.site.update(issue, ANJA, notes="In the same second")

    assert keys(poll(redmine, second.state)) == ["journal:1"]


def test_a_quiet_redmine_costs_one_call_a_look(redmine: RedmineStandin) -> None:
    first = poll(redmine, {})
    redmine.site.create(ROBIN, "New one")
    third = poll(redmine, poll(redmine, first.state).state)
    redmine.calls.clear()

    poll(redmine, third.state)

    assert redmine.calls == ["GET /issues.json"]


def test_a_heap_is_worked_off_in_parts_and_nothing_is_lost(redmine: RedmineStandin) -> None:
    polled = poll(redmine, {})
    issues = [redmine.site.create(ROBIN, f"Issue {number}") for number in range(130)]
    redmine.site.now += MINUTE
    changes = [redmine.site.update(issue, ANJA, notes="All at once") for issue in issues]

    looks = list(islice(look_again(redmine, polled), 6))

    found = [key for look in looks for key in keys(look)]
    assert len(found) == len(set(found)) == 2 * len(changes)


def test_what_was_made_long_before_it_was_changed_is_announced_after_an_absence(
    redmine: RedmineStandin,
) -> None:
    polled = poll(redmine, {})
    late = redmine.site.create(ROBIN, "Made first, changed last")
    redmine.site.now += 10 * MINUTE
    heap = [redmine.site.create(ROBIN, f"Issue {number}") for number in range(60)]
    redmine.site.now += 10 * MINUTE
    redmine.site.update(late, ANJA, notes="Changed last")

    looks = list(islice(look_again(redmine, polled), 4))

    found = [key for look in looks for key in keys(look)]
    assert len(found) == len(set(found)) == len(heap) + 2


def test_private_notes_and_issues_are_private_when_found(redmine: RedmineStandin) -> None:
    first, source = poll(redmine, {}), source_of(redmine)
    issue = redmine.site.create(ROBIN, "New one")
    redmine.site.update(issue, ANJA, notes="Pays late", is_private=True, status_id=2)
    redmine.site.create(ROBIN, "Secret", is_private=True)

    found = poll(redmine, first.state).requests

    privacy = [(one.kinds[0], one.is_private) for one in (parse(one, source) for one in found)]
    assert privacy == [
        ("issue.created", False),
        ("issue.status_changed", False),
        ("issue.commented", True),
        ("issue.created", True),
    ]


def test_an_issue_deleted_in_between_is_passed_over(redmine: RedmineStandin) -> None:
    first = poll(redmine, {})
    redmine.vanished.add(redmine.site.create(ROBIN, "Deleted while the list is read").id)
    redmine.site.create(ROBIN, "Stays")

    assert keys(poll(redmine, first.state)) == ["created:2:2026-11-24T09:01:00Z"]


def test_a_number_given_again_is_another_issue(redmine: RedmineStandin) -> None:
    first = poll(redmine, {})
    issue = redmine.site.create(ROBIN, "New one")
    second = poll(redmine, first.state)
    redmine.site.delete(issue)
    redmine.site.create(ROBIN, "Another")

    assert keys(second) == ["created:1:2026-11-24T09:01:00Z"]
    assert keys(poll(redmine, second.state)) == ["created:1:2026-11-24T09:02:00Z"]


def test_a_redmine_that_fails_leaves_the_state_as_it_was(redmine: RedmineStandin) -> None:
    first = poll(redmine, {})
    redmine.site.create(ROBIN, "New one")
    redmine.fault = 502
    with pytest.raises(DeliveryError):
        poll(redmine, first.state)
    redmine.fault = 0

    assert len(poll(redmine, first.state).requests) == 1


def test_without_a_key_there_is_nothing_to_look_with() -> None:
    assert INTEGRATION.poll is not None

    with pytest.raises(DeliveryError, match="enter both"):
        INTEGRATION.poll(SourceView("Redmine"), {}, NOW)


def test_the_sample_traffic_is_signed_and_tells_whole_stories() -> None:
    samples = [from_outgoing(one) for one in islice(traffic("secret", clock=lambda: NOW), 12)]

    for sample in samples:
        events.verify(sample, "secret")
    told = [parse(sample) for sample in samples]
    assert [one.kinds[0] for one in told[:6]] == [
        "issue.created",
        "issue.status_changed",
        "issue.commented",
        "issue.updated",
        "issue.status_changed",
        "issue.closed",
    ]
    assert {one.reference.external_id for one in told if one.reference} == {"2300", "2301"}
    assert len({events.identify(sample).dedup_key for sample in samples}) == len(samples)


def look_again(redmine: RedmineStandin, polled: Polled) -> Iterator[Any]:
    while True:
        polled = poll(redmine, polled.state)
        yield polled
