"""What the hub asks of a Redmine, what it remembers, and what it does when nothing is answered."""

from collections.abc import Iterator

import pytest
import responses

from hub.contracts import DeliveryError, Health, JSONObject, SourceView
from hub.http import open_http
from integrations.redmine import INTEGRATION
from tests.integrations.redmine_requests import (
    ANJA,
    HUB,
    KEY,
    NOW,
    ROBIN,
    USERS,
    detail,
    enrich,
    from_outgoing,
    make_request,
    parse,
    source_of,
    status,
)
from tests.standins.redmine import NativeWebhook, RedmineStandin, Site, User

NO_KEY = SourceView("Redmine", "https://redmine.example.test")
WEBHOOK = NativeWebhook()
LOCKED = User(3, "old", "Old", "Bot", api_key="locked", is_locked=True)
READER = User(4, "reader", "Read", "Er", api_key="reader", may_see_private=False)
CLOSED = status(5, "Closed", is_closed=True)


@pytest.fixture
def redmine() -> Iterator[RedmineStandin]:
    with RedmineStandin(Site(NOW, (*USERS, LOCKED, READER), first_id=23)) as redmine:
        redmine.site.create(ROBIN, "Login fails")
        yield redmine


def test_both_statuses_get_their_names_with_one_call(redmine: RedmineStandin) -> None:
    source = source_of(redmine)

    event = enrich(parse(make_request("updated", detail("status_id", "1", "2"))), source, {})

    assert (event.data["old_status"], event.data["status"]) == ("New", "In Progress")
    assert event.data["is_closed"] is False
    assert redmine.calls == ["GET /issue_statuses.json"]


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("2", "5", "issue.closed"),
        ("5", "2", "issue.reopened"),
        ("5", "6", "issue.status_changed"),
        ("2", "4", "issue.status_changed"),
    ],
)
def test_closing_and_reopening_follow_from_both_statuses(
    redmine: RedmineStandin, old: str, new: str, kind: str
) -> None:
    request = make_request("updated", detail("status_id", old, new), detail("subject", "a", "b"))

    event = enrich(parse(request), source_of(redmine), {})

    assert event.kinds == (kind, "issue.updated")


def test_known_statuses_are_not_asked_for_again(redmine: RedmineStandin) -> None:
    source, state = source_of(redmine), JSONObject()
    change = parse(make_request("updated", detail("status_id", "1", "2")))

    enrich(change, source, state)
    enrich(change, source, state)

    assert len(redmine.calls) == 1


def test_a_status_nobody_knows_yet_is_asked_for_at_once(redmine: RedmineStandin) -> None:
    source = source_of(redmine)
    known: JSONObject = {"1": {"name": "New", "is_closed": False}}
    state: JSONObject = {"list:status": {"fetched_at": "2026-11-24T08:59:00Z", "known": known}}

    event = enrich(parse(make_request("updated", detail("status_id", "1", "3"))), source, state)

    assert event.data["status"] == "Resolved"
    assert len(redmine.calls) == 1


def test_a_list_is_read_anew_after_an_hour(redmine: RedmineStandin) -> None:
    source, state = source_of(redmine), JSONObject()
    change = make_request("updated", detail("status_id", "1", "2"))
    later = {"created_on": "2026-11-24T10:00:01Z"}

    enrich(parse(change), source, state)
    enrich(
        parse(make_request("updated", detail("status_id", "2", "1"), journal=later)), source, state
    )

    assert len(redmine.calls) == 2


def test_the_priority_and_tracker_before_are_named(redmine: RedmineStandin) -> None:
    request = make_request(
        "updated", detail("priority_id", "2", "4"), detail("tracker_id", "1", "2")
    )

    event = enrich(parse(request), source_of(redmine), {})

    assert [(one["old"], one["new"]) for one in event.data["changes"]] == [  # type: ignore[union-attr,call-overload,index]
        ("Normal", "Urgent"),
        ("Bug", "Feature"),
    ]
    assert len(redmine.calls) == 2


def test_without_a_key_nothing_is_asked_and_statuses_are_learnt() -> None:
    state: JSONObject = {}
    closing = make_request(
        "updated", detail("status_id", "2", "5"), status=CLOSED, closed_on="2026-11-24T09:00:00Z"
    )
    enrich(parse(closing), NO_KEY, state)

    event = enrich(parse(make_request("updated", detail("status_id", "5", "2"))), NO_KEY, state)

    assert event.kinds == ("issue.reopened",)
    assert event.data["old_status"] == "Closed"


def test_a_failing_look_up_is_an_error_and_leaves_the_status_learnt(
    redmine: RedmineStandin,
) -> None:
    redmine.fault = 500
    state: JSONObject = {}

    with pytest.raises(DeliveryError):
        enrich(
            parse(make_request("updated", detail("status_id", "1", "2"))), source_of(redmine), state
        )

    assert state["list:status"] == {"known": {"2": {"name": "In Progress", "is_closed": False}}}


@pytest.mark.parametrize("body", ['{"issue_statuses": 5}', "[]", "<html>"])
def test_an_answer_of_another_shape_is_an_error(body: str) -> None:
    url = "http://redmine.example.test"
    source = SourceView("Redmine", url, {}, {"api_key": KEY}, open_http(url))
    event = parse(make_request("updated", detail("status_id", "1", "2")))

    with responses.RequestsMock() as mock:
        mock.get(f"{url}/issue_statuses.json", body=body)
        with pytest.raises(DeliveryError):
            enrich(event, source, {})


def test_a_public_note_of_redmine_7_is_told_after_a_look_up(redmine: RedmineStandin) -> None:
    source, issue = source_of(redmine), redmine.site.issues[23]
    change = redmine.site.update(issue, ANJA, notes="Seen it", status_id=2)

    event = enrich(
        parse(from_outgoing(WEBHOOK.updated(redmine.site, change)[0]), source), source, {}
    )

    assert event.kinds == ("issue.status_changed", "issue.commented")
    assert (event.is_private, event.data["note"]) == (False, "Seen it")
    assert event.changed == ("status", "note")


@pytest.mark.parametrize("key", [HUB.api_key, READER.api_key])
def test_a_private_note_of_redmine_7_stays_private_whoever_asks(
    redmine: RedmineStandin, key: str
) -> None:
    source, issue = source_of(redmine, key), redmine.site.issues[23]
    change = redmine.site.update(issue, ANJA, notes="Pays late", is_private=True)

    event = enrich(
        parse(from_outgoing(WEBHOOK.updated(redmine.site, change)[0]), source), source, {}
    )

    assert event.is_private
    assert event.data["is_note_private"] is True


def test_a_deleted_issue_is_forgotten() -> None:
    state: JSONObject = {}
    enrich(parse(make_request("created")), NO_KEY, state)

    enrich(parse(make_request("deleted")), NO_KEY, state)

    assert state["issue:23"] is None


def test_probing_asks_whose_key_it_is(redmine: RedmineStandin) -> None:
    assert INTEGRATION.probe is not None

    assert INTEGRATION.probe(source_of(redmine)) == Health(True)
    assert redmine.calls == ["GET /users/current.json"]


@pytest.mark.parametrize("key", ["wrong", LOCKED.api_key])
def test_a_key_that_opens_nothing_is_a_problem_and_no_outage(
    redmine: RedmineStandin, key: str
) -> None:
    assert INTEGRATION.probe is not None

    health = INTEGRATION.probe(source_of(redmine, key))

    assert health.is_up
    assert "copy it anew" in health.problem


def test_a_rest_interface_that_is_off_is_named(redmine: RedmineStandin) -> None:
    redmine.is_rest_enabled = False
    assert INTEGRATION.probe is not None

    assert "switch it on" in INTEGRATION.probe(source_of(redmine)).problem


def test_a_redmine_that_fails_or_was_not_entered_is_down(redmine: RedmineStandin) -> None:
    redmine.fault = 500
    assert INTEGRATION.probe is not None

    health = INTEGRATION.probe(source_of(redmine))

    assert not health.is_up
    assert "500" in health.problem
    assert "enter both" in INTEGRATION.probe(NO_KEY).problem
