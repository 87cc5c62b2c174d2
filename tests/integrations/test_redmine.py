"""What Redmine 7 sends, recognised and understood."""

import contextlib
import hmac
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.contracts import (
    Actor,
    ExternalReference,
    Identity,
    InboundRequest,
    JSONObject,
    PayloadError,
    SourceView,
    VerificationError,
)
from integrations.redmine import INTEGRATION, events
from integrations.redmine.kinds import KINDS
from tests.integrations.redmine_requests import (
    NOW_TEXT,
    SOURCE,
    detail,
    enrich,
    from_json,
    make_request,
    parse,
    status,
)

CLOSED = status(5, "Closed", is_closed=True)
BODIES = [
    json.loads(path.read_bytes())
    for path in sorted((INTEGRATION.folder / "payloads").rglob("issue.*.json"))
]
SURPRISES: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(None, True, 5, -1.5, 10**30, "", "5", "text", "9999-99-99"),
        *("🔥\u202eשלום\x00", "x" * 1_000_000),
        *([], {}, [None], [[[[{}]]]], {"id": {"id": {}}}, {"name": None}, [{"details": 1}]),
    ]
)


def test_the_signature_is_hmac_sha256_over_the_raw_body() -> None:
    body = b'{"type": "issue.created"}'
    signature = hmac.new(b"secret", body, "sha256").hexdigest()
    headers = {"x-redmine-signature-256": f"sha256={signature}"}
    request = InboundRequest("POST", body, headers)

    events.verify(request, "secret")

    with pytest.raises(VerificationError, match="wrong"):
        events.verify(replace(request, body=body + b"\n"), "secret")
    with pytest.raises(VerificationError, match="missing"):
        events.verify(replace(request, headers={}), "secret")


def test_an_update_is_known_by_its_journal() -> None:
    assert events.identify(make_request()) == Identity("journal:88", "#23")


def test_making_and_deleting_are_known_by_number_and_time_of_creation() -> None:
    made = events.identify(make_request("created"))
    deleted = events.identify(make_request("deleted"))

    assert made.dedup_key == "created:23:2026-11-20T08:00:00Z"
    assert deleted.dedup_key == "deleted:23:2026-11-20T08:00:00Z"


def test_an_update_without_a_journal_is_known_by_its_body() -> None:
    assert events.identify(make_request(journal={"id": None})).dedup_key is None


@pytest.mark.parametrize("content", [[], {}, {"type": 5}, {"data": 5}, {"payload": {"issue": []}}])
def test_a_decodable_body_of_any_shape_is_identified(content: object) -> None:
    assert events.identify(from_json(content)) == Identity(None, "")


def test_an_undecodable_body_is_refused_in_the_request() -> None:
    with pytest.raises(PayloadError):
        events.identify(InboundRequest("POST", b"{"))


def test_a_reference_is_the_number_and_the_time_of_creation() -> None:
    event = parse(make_request(created_on="2026-11-20T09:00:00.683+01:00"))

    assert event.reference == ExternalReference("23", "#23", "2026-11-20T08:00:00Z")
    assert event.url == "https://redmine.example.test/issues/23"


@pytest.mark.parametrize(("prefix", "display"), [("crm", "crm#23"), (None, "#23"), (5, "#23")])
def test_a_prefix_tells_several_redmines_apart(prefix: object, display: str) -> None:
    reference = parse(make_request(), prefix=prefix).reference

    assert reference is not None
    assert reference.display == display


@pytest.mark.parametrize(
    ("details", "kinds"),
    [
        ([("status_id", "1", "2")], ("issue.status_changed",)),
        ([("assigned_to_id", None, "7")], ("issue.assigned",)),
        ([("priority_id", "1", "2")], ("issue.updated",)),
        (
            [("subject", "a", "b"), ("assigned_to_id", "5", "7"), ("status_id", "1", "2")],
            ("issue.status_changed", "issue.assigned", "issue.updated"),
        ),
        ([], ("issue.updated",)),
    ],
)
def test_changes_are_told_apart(
    details: list[tuple[str, str | None, str | None]], kinds: tuple[str, ...]
) -> None:
    assert parse(make_request("updated", *(detail(*one) for one in details))).kinds == kinds


def test_one_update_has_several_kinds_the_most_important_first() -> None:
    request = make_request(
        "updated",
        detail("done_ratio", "0", "100"),
        detail("status_id", "2", "5"),
        notes="Solved",
        status=CLOSED,
        closed_on=NOW_TEXT,
    )

    event = parse(request)

    assert event.kinds == ("issue.closed", "issue.commented", "issue.updated")
    assert event.changed == ("done_ratio", "status", "note")
    assert event.severity == "success"


def test_a_change_between_closed_statuses_is_no_closing() -> None:
    rejected = status(6, "Rejected", is_closed=True)
    earlier = "2026-11-23T09:00:00Z"

    event = parse(
        make_request("updated", detail("status_id", "5", "6"), status=rejected, closed_on=earlier)
    )

    assert event.kinds == ("issue.status_changed",)


def test_a_later_status_in_the_issue_is_not_taken_for_the_one_of_the_journal() -> None:
    event = parse(make_request("updated", detail("status_id", "1", "4"), status=CLOSED))

    assert event.data["status_id"] == "4"
    assert event.data["status"] == ""
    assert event.data["is_closed"] is None


def test_the_rest_form_of_a_journal_means_the_same() -> None:
    rest: JSONObject = {
        "property": "attr",
        "name": "priority_id",
        "old_value": "1",
        "new_value": "2",
    }
    webhook = detail("priority_id", "1", "2")

    assert parse(make_request("updated", rest)) == parse(make_request("updated", webhook))


def test_changes_are_listed_with_the_names_that_the_issue_has() -> None:
    request = make_request(
        "updated",
        detail("priority_id", "1", "2"),
        detail("31", None, "shot.png", "attachment"),
        detail("4", "Klant BV", "Acme Corp", "cf"),
        detail("lock", "1", "2", "own"),
        custom_fields=[{"id": 4, "name": "Customer", "value": ["Acme Corp", "Klant BV"]}],
    )

    event = parse(request)

    assert [one["field"] for one in event.data["changes"]] == [  # type: ignore[union-attr,call-overload,index]
        "priority",
        "attachments",
        "custom_fields",
        "other",
    ]
    assert event.data["changes"][0]["new"] == "Normal"  # type: ignore[index,call-overload]
    assert event.data["custom_fields"] == [{"name": "Customer", "value": "Acme Corp, Klant BV"}]


def test_the_actor_is_who_wrote_the_journal_or_made_the_issue() -> None:
    assert parse(make_request()).actor == Actor("Anja Klein")
    assert parse(make_request("created")).actor == Actor("Robin de Vries")
    assert parse(make_request("deleted")).actor is None


@pytest.mark.parametrize(
    ("names", "priority", "severity"),
    [
        (None, "Immediate", "urgent"),
        (None, "High", "info"),
        (["Blocker"], "blocker", "urgent"),
        ("Hoog", "Hoog", "urgent"),
    ],
)
def test_the_admin_says_which_priorities_are_urgent(
    names: object, priority: str, severity: str
) -> None:
    request = make_request("created", priority={"id": 9, "name": priority})

    assert parse(request, urgent_priorities=names).severity == severity


def test_a_private_issue_is_private_whatever_happened() -> None:
    assert parse(make_request("created", is_private=True)).is_private
    assert parse(make_request("deleted", is_private="1")).is_private


def test_a_private_note_is_private_news() -> None:
    event = parse(make_request(notes="Pays late", journal={"private_notes": True}))

    assert event.is_private
    assert event.data["note"] == "Pays late"


def test_other_news_that_comes_with_a_private_note_is_told_without_it() -> None:
    request = make_request(
        "updated",
        detail("status_id", "1", "2"),
        notes="Pays late",
        journal={"private_notes": True},
    )

    event = parse(request)

    assert not event.is_private
    assert event.kinds == ("issue.status_changed",)
    assert event.data["note"] == ""


def test_with_a_key_a_note_stays_private_until_it_was_looked_up() -> None:
    source = replace(SOURCE, credentials={"api_key": "key"})

    alone = parse(make_request(notes="Pays late"), source)
    beside = parse(make_request("updated", detail("status_id", "1", "2"), notes="Late"), source)

    assert alone.is_private
    assert (beside.is_private, beside.data["note"]) == (False, "")


@pytest.mark.parametrize("options", [{"own_login": "Anja"}, {"own_id": 7}, {"own_id": "7"}])
def test_the_hubs_own_notes_are_not_told(options: dict[str, Any]) -> None:
    user = {"id": 7, "login": "anja", "firstname": "Anja"}

    note = parse(make_request(notes="From chat", journal={"user": user}), **options)
    other = parse(make_request(notes="From chat"), own_id=9)

    assert "own change" in note.ignored_because
    assert other.ignored_because == ""


def test_the_hubs_own_change_of_status_is_news_for_others() -> None:
    event = parse(make_request("updated", detail("status_id", "1", "2")), own_id=7)

    assert event.ignored_because == ""


def test_missing_parts_leave_no_trace() -> None:
    request = from_json({"type": "issue.created", "data": {"issue": {"id": "23"}}})

    event = events.parse(request, SourceView("Redmine"))

    assert event.url == event.title == ""
    assert event.actor is None
    assert "None" not in [str(value) for name, value in event.data.items() if name != "is_closed"]


def test_numbers_as_text_and_text_as_numbers_are_read() -> None:
    event = parse(make_request("created", id="23", subject=404, done_ratio="50"))

    assert event.title == "404"
    assert event.data["done_ratio"] == "50"


def test_long_texts_are_cut() -> None:
    event = parse(make_request("created", subject="x" * 1_000_000, description="y" * 1_000_000))

    assert len(event.title) == 250
    assert len(str(event.data["description"])) == 600


@pytest.mark.parametrize(
    ("issue", "path"),
    [
        ({"id": None}, "data.issue.id"),
        ({"id": "x"}, "data.issue.id"),
        ({"id": True}, "data.issue.id"),
        ({"subject": []}, "data.issue.subject"),
        ({"status": "New"}, "data.issue.status"),
        ({"status": {"id": 1, "is_closed": "perhaps"}}, "data.issue.status.is_closed"),
        ({"author": {"name": {}}}, "data.issue.author.name"),
        ({"created_on": "yesterday"}, "data.issue.created_on"),
        ({"created_on": "0001-01-01T00:00:00+14:00"}, "data.issue.created_on"),
        ({"custom_fields": {"id": 1}}, "data.issue.custom_fields"),
        ({"custom_fields": [{"id": 1}, 5]}, "data.issue.custom_fields.1"),
    ],
)
def test_an_unexpected_shape_names_its_first_surprise(issue: dict[str, Any], path: str) -> None:
    with pytest.raises(PayloadError) as raised:
        parse(make_request("created", **issue))

    assert raised.value.path == path


def test_a_surprise_in_a_journal_is_named_too() -> None:
    with pytest.raises(PayloadError) as raised:
        parse(make_request("updated", {"property": "attr", "old_value": {}}))

    assert raised.value.path == "data.journal.details.0.old_value"


def test_a_webhook_about_something_else_says_how_to_be_rid_of_it() -> None:
    with pytest.raises(PayloadError, match="untick it in Redmine") as raised:
        parse(from_json({"type": "wiki_page.updated", "data": {}}))

    assert raised.value.path == "type"


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.sampled_from(BODIES), SURPRISES, st.data())
def test_no_mutation_of_a_recording_is_an_accident(
    body: JSONObject, surprise: Any, data: st.DataObject
) -> None:
    path = data.draw(st.sampled_from(paths_in(body)))
    request = from_json(mutated(body, path, surprise))
    events.identify(request)

    with contextlib.suppress(PayloadError):
        event = enrich(parse(request), SOURCE, {})
        assert set(event.kinds) <= set(KINDS)


def paths_in(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    names = list(value) if isinstance(value, dict) else range(len(value)) if is_list(value) else []
    return [path, *(found for name in names for found in paths_in(value[name], (*path, name)))]


def is_list(value: Any) -> bool:
    return isinstance(value, list)


def mutated(value: Any, path: tuple[Any, ...], surprise: Any) -> Any:
    if not path:
        return surprise
    copy = list(value) if is_list(value) else dict(value)
    copy[path[0]] = mutated(value[path[0]], path[1:], surprise)
    return copy
