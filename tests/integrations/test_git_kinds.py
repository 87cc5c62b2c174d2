"""Which of our kinds a word of a forge is, and which words are no news."""

from typing import Any

import pytest

from integrations.git import INTEGRATION, kinds
from integrations.git.kinds import KINDS
from tests.integrations.git_requests import parse_github, parse_gitlab
from tests.standins.git import gitlab_payloads, payloads
from tests.standins.git.payloads import ANJA, BART, GITHUB

PAYLOADS = INTEGRATION.folder / "payloads"
REQUEST = payloads.pull_request(GITHUB, 58, "Repair the login", BART)
ISSUE = payloads.issue(GITHUB, 61, "No logo", ANJA)
COMMENT = payloads.github_comment("Why?", f"{GITHUB.html_url}/pull/58#r1", ANJA)
RELEASE = payloads.release(GITHUB, "v1", "First")


def github_request(action: str, **fields: Any) -> dict[str, Any]:
    return payloads.github_event(action, BART, number=58, pull_request=REQUEST | fields)


@pytest.mark.parametrize(
    ("action", "kind", "variant"),
    [
        ("opened", "pull_request.opened", ""),
        ("reopened", "pull_request.opened", "reopened"),
        ("ready_for_review", "pull_request.opened", "ready"),
        ("synchronize", "pull_request.updated", ""),
        ("closed", "pull_request.closed", ""),
    ],
)
def test_what_happens_to_a_pull_request_has_a_kind(action: str, kind: str, variant: str) -> None:
    event = parse_github("pull_request", github_request(action))

    assert event.kinds == (kind,)
    assert event.data["variant"] == variant


def test_a_pull_request_closed_by_merging_is_merged() -> None:
    event = parse_github("pull_request", github_request("closed", merged=True))

    assert event.kinds == ("pull_request.merged",)
    assert event.severity == "success"


@pytest.mark.parametrize(
    ("action", "fields", "kind"),
    [
        ("open", {}, "pull_request.opened"),
        ("reopen", {}, "pull_request.opened"),
        ("update", {"oldrev": "3" * 40}, "pull_request.updated"),
        ("merge", {}, "pull_request.merged"),
        ("close", {}, "pull_request.closed"),
        ("approved", {}, "review.approved"),
        ("approval", {}, "review.approved"),
    ],
)
def test_what_happens_to_a_merge_request_has_a_kind(
    action: str, fields: dict[str, Any], kind: str
) -> None:
    payload = gitlab_payloads.merge_request(action, gitlab_payloads.ANJA, **fields)

    assert parse_gitlab(payload).kinds == (kind,)


@pytest.mark.parametrize(
    ("event", "payload", "reason"),
    [
        ("ping", payloads.github_ping(), kinds.PING),
        ("star", payloads.github_event("created", BART), kinds.NOT_CODE),
        ("create", {"ref": "v1", "ref_type": "tag"}, kinds.PUSH_TELLS),
        ("delete", {"ref": "v1", "ref_type": "tag"}, kinds.PUSH_TELLS),
        (
            "push",
            payloads.github_push([], ref="refs/tags/v1", deleted=True),
            kinds.TAG_DELETED,
        ),
        ("pull_request", github_request("labeled"), kinds.ONLY_DETAILS),
        ("issues", payloads.github_event("edited", BART, issue=ISSUE), kinds.ONLY_DETAILS),
        (
            "issue_comment",
            payloads.github_event("edited", BART, issue=ISSUE, comment=COMMENT),
            kinds.EDITED_COMMENT,
        ),
        ("release", payloads.github_event("created", BART, release=RELEASE), kinds.NOT_PUBLISHED),
        ("workflow_run", payloads.github_run(212, None), kinds.NOT_ENDED),
        ("workflow_run", payloads.github_run(212, "cancelled"), kinds.INDECISIVE),
        ("check_suite", payloads.github_event("completed", BART), kinds.RUN_TELLS),
        ("deployment_status", payloads.github_deployment("in_progress"), kinds.DEPLOYING),
    ],
)
def test_github_says_much_that_is_no_news(event: str, payload: dict[str, Any], reason: str) -> None:
    parsed = parse_github(event, payload)

    assert parsed.ignored_because == reason
    assert parsed.kinds == ()
    assert parsed.title


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (gitlab_payloads.merge_request("update", gitlab_payloads.ANJA), kinds.ONLY_DETAILS),
        (
            gitlab_payloads.merge_request("unapproved", gitlab_payloads.ANJA),
            kinds.APPROVAL_WITHDRAWN,
        ),
        (gitlab_payloads.merge_request(None, gitlab_payloads.ANJA), kinds.NO_ACTION),
        (gitlab_payloads.issue("update", gitlab_payloads.ANJA), kinds.ONLY_DETAILS),
        (gitlab_payloads.issue(None, gitlab_payloads.ANJA), kinds.NO_ACTION),
        (gitlab_payloads.note("Issue", "x", gitlab_payloads.ANJA, system=True), kinds.SYSTEM_NOTE),
        (
            gitlab_payloads.note("Issue", "x", gitlab_payloads.ANJA, action="update"),
            kinds.EDITED_COMMENT,
        ),
        (gitlab_payloads.note("Commit", "x", gitlab_payloads.ANJA), kinds.OTHER_COMMENT),
        (gitlab_payloads.release("update"), kinds.NOT_PUBLISHED),
        (gitlab_payloads.pipeline(1, "running"), kinds.NOT_ENDED),
        (gitlab_payloads.pipeline(1, "canceled"), kinds.INDECISIVE),
        (gitlab_payloads.deployment("running"), kinds.DEPLOYING),
        (gitlab_payloads.push([], ref="refs/tags/v1"), kinds.TAG_DELETED),
        ({"object_kind": "wiki_page"}, kinds.NOT_CODE),
    ],
)
def test_gitlab_says_much_that_is_no_news(payload: dict[str, Any], reason: str) -> None:
    parsed = parse_gitlab(payload)

    assert parsed.ignored_because == reason
    assert parsed.kinds == ()


def test_every_kind_is_recorded() -> None:
    recorded = {path.name.partition("__")[0] for path in PAYLOADS.glob("*.json")}

    assert recorded - {"unknown"} == set(KINDS)
