"""What the hub remembers of documents, and the names it looks up."""

from collections.abc import Iterator
from typing import Any

import pytest

from hub.contracts import DeliveryError, JSONObject, ParsedEvent, SourceView
from integrations.erpnext import INTEGRATION
from tests.integrations.erpnext_requests import SOURCE, TASK, make_request, parse, view_of
from tests.standins.erpnext import ErpNextStandin

TASK_KEY, PROJECT_KEY = "document:Task/TASK-2026-00006", "document:Project/PROJ-0007"
COMMENT: dict[str, Any] = {
    "doctype": "Comment",
    "name": "a1b2c3d4e5",
    "comment_type": "Comment",
    "reference_doctype": "Task",
    "reference_name": "TASK-2026-00006",
    "content": "<p>Done</p>",
}
PROJECT: dict[str, Any] = {
    "doctype": "Project",
    "name": "PROJ-0007",
    "project_name": "Project X",
    "creation": "2026-09-01 09:00:00",
}


@pytest.fixture
def site() -> Iterator[ErpNextStandin]:
    with ErpNextStandin() as standin:
        standin.add(TASK, PROJECT)
        yield standin


def enrich(event: ParsedEvent, state: JSONObject, source: SourceView = SOURCE) -> ParsedEvent:
    assert INTEGRATION.enrich is not None
    return INTEGRATION.enrich(event, source, state)


def test_the_rows_it_may_touch_are_declared() -> None:
    event = parse(make_request(TASK))
    state: JSONObject = {}

    enrich(event, state)

    assert event.state_keys == (TASK_KEY, PROJECT_KEY)
    assert state == {
        TASK_KEY: {"status": "Completed", "title": "Phase 1", "creation": "2026-11-03 15:20:31"}
    }


def test_a_concluded_status_is_news_only_once() -> None:
    state: JSONObject = {}
    completed = parse(make_request(TASK, "on_change"))

    first, edited = enrich(completed, state), enrich(completed, state)

    assert first.kinds == ("task.completed",)
    assert edited.kinds == ("document.changed",)
    assert edited.severity == "info"


def test_a_concluded_status_is_news_again_after_another_one() -> None:
    state: JSONObject = {}
    enrich(parse(make_request(TASK)), state)
    reopened = enrich(parse(make_request({**TASK, "status": "Open"})), state)

    again = enrich(parse(make_request(TASK)), state)

    assert reopened.kinds == ("document.changed",)
    assert reopened.changed == ("status",)
    assert again.kinds == ("task.completed",)


def test_what_the_webhook_says_is_told_whatever_is_remembered() -> None:
    state: JSONObject = {TASK_KEY: {"status": "Completed"}}

    event = enrich(parse(make_request(TASK, "task.completed")), state)

    assert event.kinds == ("task.completed",)


def test_a_project_is_looked_up_once(site: ErpNextStandin) -> None:
    state: JSONObject = {}
    event = parse(make_request(TASK, "task.completed"))

    first, second = (enrich(event, state, view_of(site)) for _count in range(2))

    assert first.data["project_name"] == second.data["project_name"] == "Project X"
    assert site.calls == [("GET", "/api/resource/Project")]


def test_a_project_that_was_heard_of_needs_no_look_up() -> None:
    state: JSONObject = {}
    enrich(parse(make_request(PROJECT)), state)

    event = enrich(parse(make_request(TASK)), state)

    assert event.data["project_name"] == "Project X"


def test_a_name_in_the_payload_needs_no_look_up(site: ErpNextStandin) -> None:
    body = {"doc": TASK, "project_name": "Project Y"}

    event = enrich(parse(make_request(body)), {}, view_of(site))

    assert event.data["project_name"] == "Project Y"
    assert site.calls == []


def test_an_unknown_project_keeps_its_number(site: ErpNextStandin) -> None:
    event = enrich(parse(make_request({**TASK, "project": "PROJ-9"})), {}, view_of(site))

    assert event.data["project"] == "PROJ-9"
    assert event.data["project_name"] == ""


def test_a_comment_joins_the_thread_of_its_document(site: ErpNextStandin) -> None:
    comment, task = parse(make_request(COMMENT)), parse(make_request(TASK))

    looked_up = enrich(comment, {}, view_of(site))
    state: JSONObject = {}
    enrich(task, state)
    remembered = enrich(comment, state)

    assert looked_up.reference == remembered.reference == task.reference
    assert looked_up.title == remembered.title == "Phase 1"
    assert site.calls == [("GET", "/api/resource/Task")]


def test_a_short_payload_joins_the_thread_of_a_whole_one() -> None:
    state: JSONObject = {}
    whole = enrich(parse(make_request(TASK)), state)

    short = enrich(parse(make_request({"name": TASK["name"], "status": "Open"})), state)

    assert short.reference == whole.reference
    assert short.title == "Phase 1"


def test_a_comment_does_not_make_its_document_forget_its_status() -> None:
    state: JSONObject = {}
    enrich(parse(make_request(TASK)), state)
    enrich(parse(make_request(COMMENT)), state)

    edited = enrich(parse(make_request(TASK)), state)

    assert edited.kinds == ("document.changed",)


def test_a_comment_on_nothing_known_stays_what_it_is() -> None:
    event = parse(make_request({"name": "a1b2c3d4e5", "content": "x"}, "comment.added"))
    state: JSONObject = {}

    assert enrich(event, state).title == "a1b2c3d4e5"
    assert state == {}


def test_a_failing_look_up_is_raised_and_the_status_is_remembered(site: ErpNextStandin) -> None:
    site.readable = set()
    state: JSONObject = {}

    with pytest.raises(DeliveryError):
        enrich(parse(make_request(TASK)), state, view_of(site))

    assert TASK_KEY in state
