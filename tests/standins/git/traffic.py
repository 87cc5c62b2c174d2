"""Sample requests of all four forges, which thread together: for the demo and for tests."""

from collections.abc import Iterator
from itertools import count

from tests.standins.git import gitlab_payloads, payloads
from tests.standins.git.payloads import ANJA, BART, GITEA, GITHUB, SAM
from tests.standins.git.sending import forgejo, gitea, github, gitlab
from tests.standins.outgoing import OutgoingRequest

SUBJECTS = (
    ("Renew the session after the password", "ZD#74001"),
    ("Round the VAT per line", "TASK-2025-00006"),
    ("Show the delivery date in the portal", "#23"),
)


def traffic(secret: str, first_number: int = 58) -> Iterator[OutgoingRequest]:
    """Without end. Each round is about other pull requests, issues and runs than those before.

    Where the hub remembers earlier traffic, `first_number` has to be higher than it came to.
    """
    for number in count(first_number):
        subject, reference = SUBJECTS[number % len(SUBJECTS)]
        yield from _github_round(secret, number, f"{subject} ({reference})")
        yield from _gitlab_round(secret, number, f"{subject} ({reference})")
        yield from _gitea_round(secret, number)


def _github_round(secret: str, number: int, title: str) -> Iterator[OutgoingRequest]:
    """Opened, failing, reviewed, working again, merged."""
    request = payloads.pull_request(GITHUB, number, title, BART)
    merged = request | {"state": "closed", "merged": True, "merged_by": ANJA.as_json()}
    review = payloads.github_review("approved", "Good find.", ANJA)
    commit = payloads.commit(GITHUB, "2", title, BART)
    opened = payloads.github_event("opened", BART, number=number, pull_request=request)
    reviewed = payloads.github_event("submitted", ANJA, review=review, pull_request=request)
    closed = payloads.github_event("closed", ANJA, number=number, pull_request=merged)
    yield github("pull_request", opened, secret=secret)
    yield github("push", payloads.github_push([commit]), secret=secret)
    yield github("workflow_run", payloads.github_run(2 * number, "failure"), secret=secret)
    yield github("pull_request_review", reviewed, secret=secret)
    yield github("workflow_run", payloads.github_run(2 * number + 1, "success"), secret=secret)
    yield github("pull_request", closed, secret=secret)


def _gitlab_round(secret: str, number: int, title: str) -> Iterator[OutgoingRequest]:
    by = gitlab_payloads.ANJA
    url = f"{gitlab_payloads.URL}/-/merge_requests/{number}"
    fields = {"iid": number, "title": title, "url": url}
    steps = (
        ("Merge Request Hook", gitlab_payloads.merge_request("open", by, **fields)),
        ("Pipeline Hook", gitlab_payloads.pipeline(5_000 + 2 * number, "failed")),
        ("Pipeline Hook", gitlab_payloads.pipeline(5_001 + 2 * number, "success")),
        ("Merge Request Hook", gitlab_payloads.merge_request("merge", by, **fields)),
    )
    for event, payload in steps:
        yield gitlab(event, payload, token=secret, now=None)


def _gitea_round(secret: str, number: int) -> Iterator[OutgoingRequest]:
    issue = payloads.issue(GITEA, number, f"Disk of host b{number} is almost full", SAM)
    closed = issue | {"state": "closed"}
    yield gitea("issues", payloads.gitea_event("opened", issue=issue), secret=secret)
    failed = payloads.forgejo_run("failure", 2 * number)
    recovered = payloads.forgejo_run("recover", 2 * number + 1)
    yield forgejo("action_run_failure", failed, secret=secret)
    yield forgejo("action_run_recover", recovered, secret=secret)
    yield gitea("issues", payloads.gitea_event("closed", issue=closed), secret=secret)
