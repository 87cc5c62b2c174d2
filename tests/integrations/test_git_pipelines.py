"""A success is news only after a failure: what is remembered of each workflow and branch."""

from typing import Any

import pytest

from hub.contracts import JSONObject, ParsedEvent, SourceView
from integrations.git import INTEGRATION
from integrations.git.kinds import NEWER_RUN, NOTHING_BROKEN
from tests.integrations.git_requests import parse, parse_github, parse_gitlab
from tests.standins.git import gitlab_payloads, payloads
from tests.standins.git.sending import forgejo

CI_ON_MAIN = "pipeline:github.com/acme/klantportaal@main:CI"


def run(number: int, conclusion: str, **fields: Any) -> ParsedEvent:
    return parse_github("workflow_run", payloads.github_run(number, conclusion, **fields))


def forgejo_run(action: str, number: int) -> ParsedEvent:
    return parse(forgejo(f"action_run_{action}", payloads.forgejo_run(action, number)))


def remember(event: ParsedEvent, state: JSONObject) -> ParsedEvent:
    """As the matcher does it: what is not declared is not there, and it needs no http."""
    assert INTEGRATION.enrich is not None
    return INTEGRATION.enrich(event, SourceView("Git"), state)


def marker(event: ParsedEvent) -> str:
    assert event.reference is not None
    return event.reference.created_marker


def test_a_success_without_a_failure_before_is_ignored() -> None:
    state: JSONObject = {CI_ON_MAIN: None}

    event = remember(run(1, "success"), state)

    assert event.ignored_because == NOTHING_BROKEN
    assert event.kinds == ()
    assert state == {CI_ON_MAIN: None}


def test_a_success_after_a_failure_is_a_recovery() -> None:
    state: JSONObject = {}

    failed = remember(run(1, "failure"), state)
    recovered = remember(run(2, "success"), state)
    another = remember(run(3, "success"), state)

    assert failed.kinds == ("pipeline.failed",)
    assert recovered.kinds == ("pipeline.recovered",)
    assert another.ignored_because == NOTHING_BROKEN
    assert list(state) == [CI_ON_MAIN] == list(failed.state_keys)


def test_failures_in_a_row_are_counted() -> None:
    state: JSONObject = {}
    remember(run(1, "failure"), state)

    again = remember(run(2, "timed_out"), state)
    recovered = remember(run(3, "success"), state)

    assert again.data["failed_count"] == 2
    assert recovered.data["failed_count"] == 2


def test_each_time_that_it_breaks_is_a_thread_of_its_own() -> None:
    state: JSONObject = {}
    first = remember(run(1, "failure"), state)
    again = remember(run(2, "failure"), state)
    recovered = remember(run(3, "success"), state)

    anew = remember(run(4, "failure"), state)

    assert marker(first) == marker(again) == marker(recovered) != marker(anew)


def test_a_second_attempt_of_the_same_run_recovers_it() -> None:
    state: JSONObject = {}
    remember(run(1, "failure"), state)

    assert remember(run(1, "success", run_attempt=2), state).kinds == ("pipeline.recovered",)


def test_gitlab_tries_again_under_the_same_number() -> None:
    state: JSONObject = {}
    remember(parse_gitlab(gitlab_payloads.pipeline(5120, "failed")), state)

    again = remember(parse_gitlab(gitlab_payloads.pipeline(5120, "success")), state)

    assert again.kinds == ("pipeline.recovered",)


def test_an_older_run_that_ends_late_changes_nothing() -> None:
    state: JSONObject = {}
    remember(run(1, "failure"), state)
    remember(run(3, "success"), state)
    before = dict(state)

    late = remember(run(2, "failure"), state)

    assert late.ignored_because == NEWER_RUN
    assert state == before


def test_the_same_request_told_again_has_the_same_outcome() -> None:
    state: JSONObject = {}

    failures = [remember(run(1, "failure"), state), remember(run(1, "failure"), state)]
    recoveries = [remember(run(2, "success"), state), remember(run(2, "success"), state)]

    assert failures[0] == failures[1]
    assert recoveries[0] == recoveries[1]


def test_what_is_remembered_is_replaced_and_never_changed_in_place() -> None:
    state: JSONObject = {}
    remember(run(1, "failure"), state)
    before = state[CI_ON_MAIN]

    remember(run(2, "failure"), state)

    assert before == {"rank": [70001, 1], "is_broken": True, "failed_count": 1, "began": "70001.1"}
    assert state[CI_ON_MAIN] != before


@pytest.mark.parametrize(
    "fields",
    [
        {"head_branch": "fix/login"},
        {"name": "Nightly"},
        {"head_repository": {"full_name": "mila/klantportaal"}},
    ],
)
def test_other_branches_workflows_and_forks_are_remembered_apart(fields: dict[str, Any]) -> None:
    assert run(1, "failure", **fields).state_keys != run(1, "failure").state_keys


@pytest.mark.parametrize("source", ["schedule", "merge_request_event", "parent_pipeline"])
def test_what_gitlab_runs_for_another_reason_is_remembered_apart(source: str) -> None:
    other = parse_gitlab(gitlab_payloads.pipeline(1, "failed", source=source))
    pushed = parse_gitlab(gitlab_payloads.pipeline(1, "failed"))
    by_hand = parse_gitlab(gitlab_payloads.pipeline(1, "failed", source="web"))

    assert other.state_keys != pushed.state_keys == by_hand.state_keys


def test_forgejo_says_itself_that_a_run_recovered() -> None:
    state: JSONObject = {}

    assert remember(forgejo_run("recover", 32), state).kinds == ("pipeline.recovered",)
    assert forgejo_run("success", 33).ignored_because
    assert remember(forgejo_run("failure", 34), state).data["failed_count"] == 1


def test_the_default_branch_is_urgent_and_others_are_a_warning() -> None:
    assert run(1, "failure").severity == "urgent"
    assert run(1, "failure", head_branch="fix/login").severity == "warning"
    assert run(1, "failure", head_repository={"full_name": "mila/x"}).severity == "warning"


def test_only_jobs_that_may_not_fail_are_named() -> None:
    event = parse_gitlab(gitlab_payloads.pipeline(5120, "failed"))

    assert event.data["failed_jobs"] == ["pytest"]


def test_names_are_cut_to_what_is_stored_and_stay_apart() -> None:
    long, longer = "b" * 240 + "1", "b" * 240 + "2"

    keys = [run(1, "failure", head_branch=branch).state_keys[0] for branch in (long, longer)]

    assert keys[0] != keys[1]
    assert max(len(key) for key in keys) <= 200


@pytest.mark.parametrize("stored", ["x", [], {}, {"rank": ["a"], "failed_count": None}, 5])
def test_what_cannot_be_read_counts_as_nothing_remembered(stored: Any) -> None:
    event = remember(run(1, "success"), {CI_ON_MAIN: stored})

    assert event.ignored_because == NOTHING_BROKEN


def test_other_events_remember_nothing() -> None:
    event = parse_github("push", payloads.github_push([]))
    state: JSONObject = {}

    assert remember(event, state) == event
    assert state == {}
