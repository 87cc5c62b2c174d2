"""What the forges say, in our words: mapped, ignored with a reason, or unknown and visible."""

import json
from typing import Any

import pytest

from hub.contracts import Actor, ExternalReference, PayloadError
from integrations.git import kinds
from tests.integrations.git_requests import parse, parse_gitea, parse_github, parse_gitlab
from tests.standins.git import gitlab_payloads, payloads
from tests.standins.git.payloads import ANJA, BART, GITEA, GITHUB, NO_COMMIT, SAM
from tests.standins.git.sending import gitea, gitlab

COMMIT = payloads.commit(GITHUB, "2", "Repair the login", BART)
REQUEST = payloads.pull_request(GITHUB, 58, "Repair the login", BART)
ISSUE = payloads.issue(GITHUB, 61, "No logo", ANJA)
COMMENT = payloads.github_comment("Why?", f"{GITHUB.html_url}/pull/58#r1", ANJA)
RELEASE = payloads.release(GITHUB, "v1", "First")


def github_request(action: str, **fields: Any) -> dict[str, Any]:
    return payloads.github_event(action, BART, number=58, pull_request=REQUEST | fields)


def test_a_tag_deleted_in_gitea_is_no_news() -> None:
    payload = {"ref": "v1", "ref_type": "tag", "repository": GITEA.as_json()}

    assert parse_gitea("delete", payload).ignored_because == kinds.TAG_DELETED


def test_a_review_without_words_is_told_by_its_comments() -> None:
    silent = payloads.github_review("commented", None, ANJA)
    wordy = payloads.github_review("commented", "One question.", ANJA)
    fields = {"pull_request": REQUEST}

    ignored = parse_github(
        "pull_request_review", payloads.github_event("submitted", ANJA, review=silent, **fields)
    )
    told = parse_github(
        "pull_request_review", payloads.github_event("submitted", ANJA, review=wordy, **fields)
    )

    assert ignored.ignored_because == kinds.IN_COMMENTS
    assert told.kinds == ("review.commented",)


@pytest.mark.parametrize("state", ["approved", "APPROVED"])
def test_an_approval_is_one_in_either_case(state: str) -> None:
    review = payloads.github_review(state, None, ANJA)
    payload = payloads.github_event("submitted", ANJA, review=review, pull_request=REQUEST)

    assert parse_github("pull_request_review", payload).kinds == ("review.approved",)


def test_a_dismissed_review_is_no_news() -> None:
    review = payloads.github_review("dismissed", None, ANJA)
    payload = payloads.github_event("dismissed", ANJA, review=review, pull_request=REQUEST)

    parsed = parse_github("pull_request_review", payload)

    assert parsed.ignored_because == kinds.APPROVAL_WITHDRAWN


def test_five_commits_are_shown_newest_first_and_the_rest_is_counted() -> None:
    commits = [payloads.commit(GITHUB, f"{n}", f"Step {n}", BART) for n in range(1, 8)]

    data = parse_github("push", payloads.github_push(commits)).data

    assert [one["title"] for one in data["commits"]] == [f"Step {n}" for n in range(7, 2, -1)]  # type: ignore[union-attr, index, call-overload]
    assert (data["commit_count"], data["more_count"]) == (7, 2)


def test_gitea_sends_the_newest_commit_first_already() -> None:
    commits = [payloads.commit(GITEA, digit, f"Step {digit}", SAM) for digit in "765"]

    event = parse_gitea("push", payloads.gitea_push(commits, total_commits=40))

    assert event.title == "Step 7"
    assert (event.data["commit_count"], event.data["more_count"]) == (40, 37)


def test_gitlab_counts_more_commits_than_it_sends() -> None:
    commits = [gitlab_payloads.commit(digit, f"Step {digit}") for digit in "45"]

    event = parse_gitlab(gitlab_payloads.push(commits, total_commits_count=25))

    assert event.title == "Step 5"
    assert event.data["more_count"] == 23
    assert event.url == f"{gitlab_payloads.URL}/-/compare/{'3' * 40}...{'5' * 40}"


def test_a_push_is_flat() -> None:
    assert parse_github("push", payloads.github_push([COMMIT])).reference is None


@pytest.mark.parametrize("branch", ["feat/é #1?", "-", "a..b"])
def test_the_link_of_a_new_branch_in_gitlab_stands_any_name(branch: str) -> None:
    payload = gitlab_payloads.push(
        [], ref=f"refs/heads/{branch}", before=NO_COMMIT, after="4" * 40, checkout_sha="4" * 40
    )

    event = parse_gitlab(payload)

    assert event.data["is_new_branch"]
    assert event.url.startswith(f"{gitlab_payloads.URL}/-/tree/")
    assert not set(event.url) & set(" #?é")


def test_pull_requests_issues_and_comments_on_them_thread_together() -> None:
    on_request = ISSUE | {"number": 58, "pull_request": {"html_url": "x"}}
    comment = payloads.github_event("created", ANJA, issue=on_request, comment=COMMENT)

    opened = parse_github("pull_request", github_request("opened"))
    commented = parse_github("issue_comment", comment)

    assert opened.reference == ExternalReference(
        "github.com/acme/klantportaal#58", "klantportaal#58"
    )
    assert commented.reference == opened.reference
    assert commented.kinds == ("review.commented",)


def test_a_merge_request_and_an_issue_of_the_same_number_are_two() -> None:
    anja = gitlab_payloads.ANJA
    request = parse_gitlab(gitlab_payloads.merge_request("open", anja))
    note = parse_gitlab(gitlab_payloads.note("MergeRequest", "Why?", anja))
    issue = parse_gitlab(gitlab_payloads.issue("open", anja, iid=17))

    assert request.reference == note.reference
    assert request.reference == ExternalReference("git.example.test/erp/voorraad!17", "voorraad!17")
    assert issue.reference == ExternalReference("git.example.test/erp/voorraad#17", "voorraad#17")


def test_a_comment_of_gitlab_links_to_itself_and_to_what_it_is_about() -> None:
    event = parse_gitlab(gitlab_payloads.note("Issue", "Why?", gitlab_payloads.ANJA))

    assert event.url == f"{gitlab_payloads.URL}/-/issues/23"
    assert event.data["comment_url"] == f"{gitlab_payloads.URL}/-/issues/23#note_1244"


@pytest.mark.parametrize(
    "payload",
    [
        gitlab_payloads.issue("open", gitlab_payloads.ANJA, confidential=True),
        gitlab_payloads.note("Issue", "x", gitlab_payloads.ANJA, internal=True),
        gitlab_payloads.note("MergeRequest", "x", gitlab_payloads.ANJA, internal=True),
        gitlab_payloads.issue("open", gitlab_payloads.ANJA) | {"event_type": "confidential_issue"},
        gitlab_payloads.note("Issue", "x", gitlab_payloads.ANJA)
        | {"event_type": "confidential_note"},
        gitlab_payloads.note("Issue", "x", gitlab_payloads.ANJA)
        | {"issue": {"iid": 23, "title": "Secret", "confidential": True}},
    ],
)
def test_what_is_confidential_is_private(payload: dict[str, Any]) -> None:
    assert parse_gitlab(payload).is_private


def test_what_the_header_calls_confidential_is_private() -> None:
    payload = gitlab_payloads.issue("open", gitlab_payloads.ANJA)

    assert parse(gitlab("Confidential Issue Hook", payload, now=None)).is_private
    assert not parse(gitlab("Issue Hook", payload, now=None)).is_private


def test_the_actor_has_the_name_that_the_forge_knows() -> None:
    by_github = parse_github("pull_request", github_request("opened"))
    by_gitlab = parse_gitlab(gitlab_payloads.push([gitlab_payloads.commit("4", "x")]))
    by_gitea = parse_gitea("push", payloads.gitea_push([COMMIT]))

    assert by_github.actor == Actor("bart-dv", "bart-dv")
    assert by_gitlab.actor == Actor("Bart Dekker", "bart")
    assert by_gitea.actor == Actor("Sam Smit", "sam", "sam@example.test")


def test_an_address_that_gitlab_hides_is_no_address() -> None:
    event = parse_gitlab(gitlab_payloads.issue("open", gitlab_payloads.ANJA))

    assert event.actor == Actor("Anja Klein", "anja")


def test_what_the_hubs_own_account_does_is_ignored() -> None:
    opened = github_request("opened")

    assert parse_github("pull_request", opened, own_login="BART-DV").kinds == ()
    assert parse_github("pull_request", opened, own_login="hub").kinds == ("pull_request.opened",)


def test_commit_messages_and_titles_mention_references() -> None:
    message = "Repair the login (ZD#74001)\n\nSee #23 and TASK-2025-00006, not CVE-2025-12345."
    commit = payloads.commit(GITHUB, "2", message, BART)

    pushed = parse_github("push", payloads.github_push([commit]))
    opened = parse_github("pull_request", github_request("opened", title="ZD#74001: login (#58)"))

    assert pushed.data["mentioned_references"] == ["ZD#74001", "#23", "TASK-2025-00006"]
    assert opened.data["mentioned_references"] == ["ZD#74001"]


@pytest.mark.parametrize(
    ("message", "references"),
    [
        ("Merge pull request #57 from acme/fix/session", []),
        ("Merge pull request 'Session' (#9) from x into main\n\nZD#7", ["ZD#7"]),
        ("acme/portaal#5, &#39; a#6 path/#7", []),
        ("ACC-SINV-2025-00012, SAL-ORD-2025-00006", ["ACC-SINV-2025-00012", "SAL-ORD-2025-00006"]),
        ("#1 #1 (#2)", ["#1", "#2"]),
        (" ".join(f"#{number}" for number in range(1, 40)), [f"#{n}" for n in range(1, 11)]),
        ("A-" * 20_000, []),
    ],
)
def test_only_what_looks_like_a_reference_is_one(message: str, references: list[str]) -> None:
    commit = payloads.commit(GITHUB, "2", message, BART)

    event = parse_github("push", payloads.github_push([commit]))

    assert event.data["mentioned_references"] == references


def test_an_event_nobody_knows_is_unknown_and_named() -> None:
    with pytest.raises(PayloadError, match="“dependabot_alert” of GitHub"):
        parse_github("dependabot_alert", payloads.github_event("created", BART))
    with pytest.raises(PayloadError, match="“vulnerability” of GitLab"):
        parse_gitlab({"object_kind": "vulnerability"})


@pytest.mark.parametrize(
    ("event", "payload", "path"),
    [
        ("push", {"repository": "acme/x"}, "repository"),
        ("push", {"repository": {"full_name": ["x"]}}, "repository.full_name"),
        ("push", {"repository": GITHUB.as_json()}, "ref"),
        ("push", payloads.github_push([COMMIT]) | {"commits": {"0": 1}}, "commits"),
        ("push", payloads.github_push([COMMIT]) | {"commits": [COMMIT, 5]}, "commits.1"),
        ("push", payloads.github_push([COMMIT | {"author": "x"}]), "commits.0.author"),
        ("pull_request", github_request("explode"), "action"),
        ("pull_request", github_request("opened", number=None), "pull_request.number"),
        ("pull_request", github_request("opened", number="x"), "pull_request.number"),
        ("pull_request", github_request("closed", merged="maybe"), "pull_request.merged"),
        (
            "pull_request",
            github_request("opened", labels=[{"name": {}}]),
            "pull_request.labels.0.name",
        ),
        ("release", payloads.github_event("published", BART, release={}), "release"),
    ],
)
def test_an_unexpected_shape_names_its_first_surprise(
    event: str, payload: dict[str, Any], path: str
) -> None:
    with pytest.raises(PayloadError) as raised:
        parse_github(event, payload)

    assert raised.value.path == path


def test_gitlab_names_what_it_lacks() -> None:
    with pytest.raises(PayloadError) as raised:
        parse_gitlab({"object_kind": "push", "ref": "refs/heads/main"})

    assert raised.value.path == "project.path_with_namespace"


def test_numbers_and_texts_may_stand_for_each_other() -> None:
    odd = REQUEST | {"number": "58", "title": 42, "draft": "true", "additions": "41"}

    event = parse_github("pull_request", payloads.github_event("opened", BART, pull_request=odd))

    assert (event.title, event.data["number"]) == ("42", 58)
    assert (event.data["is_draft"], event.data["added_count"]) == (True, 41)


def test_links_that_are_none_are_left_out() -> None:
    odd = github_request("opened", html_url="javascript:alert(1)")

    assert parse_github("pull_request", odd).url == GITHUB.html_url


def test_a_job_is_told_only_to_those_who_want_it() -> None:
    payload = gitlab_payloads.job("failed")

    assert parse_gitlab(payload).ignored_because == kinds.SINGLE_JOB
    told = parse_gitlab(payload, single_jobs=True)
    assert told.kinds == ("pipeline.failed",)
    assert told.reference is not None
    assert told.reference.display == "voorraad pytest (main)"
    assert told.url == f"{gitlab_payloads.URL}/-/jobs/91"


def test_jobs_and_checks_of_github_are_told_to_those_who_want_it() -> None:
    common = {"status": "completed", "conclusion": "failure", "head_sha": "2" * 40}
    job = common | {"name": "pytest", "workflow_name": "CI", "head_branch": "main", "run_id": 7}
    check = common | {"name": "sonar", "check_suite": {"head_branch": "main"}, "id": 3}
    job_event = payloads.github_event("completed", BART, workflow_job=job)
    check_event = payloads.github_event("completed", BART, check_run=check)

    by_job = parse_github("workflow_job", job_event, single_jobs="true")
    by_check = parse_github("check_run", check_event, single_jobs="true")

    assert by_job.data["run"] == "CI / pytest"
    assert by_check.data["run"] == "sonar"
    assert parse_github("check_run", check_event).ignored_because == kinds.SINGLE_JOB


def test_a_body_of_gitea_that_is_indented_reads_the_same() -> None:
    request = gitea("push", payloads.gitea_push([COMMIT]))

    assert b"\n  " in request.body
    assert parse(request).title == json.loads(request.body)["commits"][0]["message"]
