"""GitHub's words: events of the header X-GitHub-Event."""

from collections.abc import Mapping

from hub.contracts import ParsedEvent
from integrations.git import kinds
from integrations.git.alike import (
    Reader,
    only_created,
    read_comment,
    read_comment_event,
    read_issue_event,
    read_pull_request,
    read_pull_request_event,
    read_push,
    read_ref_made,
    read_release_event,
    read_scene,
    unknown_action,
)
from integrations.git.reading import Node
from integrations.git.records import Comment, Deployment, Pipeline
from integrations.git.telling import (
    ignore,
    tell_deployment,
    tell_pipeline,
    tell_review,
)
from integrations.git.workflows import FAILED, ended, read_workflow_job, read_workflow_run

REVIEW_STATES: Mapping[str, str] = {
    "approved": "review.approved",
    "changes_requested": "review.changes_requested",
    "commented": "review.commented",
}
DEPLOYMENT_ENDS: Mapping[str, bool] = {"success": False, "failure": True, "error": True}


def read_review(root: Node) -> ParsedEvent:
    scene, review = read_scene(root), root.needed("review")
    action, state = root.required("action"), review.line("state").lower()
    comment = Comment(review.text("body"), review.address("html_url"))
    request = read_pull_request(root.needed("pull_request"))
    event = tell_review(scene, REVIEW_STATES.get(state, ""), request, comment)
    if action == "dismissed" or state == "dismissed":
        return ignore(event, kinds.APPROVAL_WITHDRAWN)
    if action == "edited":
        return ignore(event, kinds.EDITED_COMMENT)
    if action != "submitted":
        raise unknown_action(root, action)
    if state not in REVIEW_STATES:
        raise review.surprise("state", f"“{state[:60]}” is not known")
    is_wordless = state == "commented" and not comment.text
    return ignore(event, kinds.IN_COMMENTS) if is_wordless else event


def read_review_comment(root: Node) -> ParsedEvent:
    """A comment on a line of code."""
    request = read_pull_request(root.needed("pull_request"))
    comment = read_comment(root.needed("comment"))
    return only_created(root, tell_review(read_scene(root), "review.commented", request, comment))


def read_check_run(root: Node) -> ParsedEvent:
    """What a CI outside of GitHub reports."""
    check = root.needed("check_run")
    pipeline = Pipeline(
        workflow=check.line("name"),
        branch=check.node("check_suite").line("head_branch"),
        number=0,
        url=check.address("html_url", "details_url"),
        title=check.node("output").line("title"),
        commit_id=check.line("head_sha"),
        rank=(check.count("id"), 0),
        has_failed=check.line("conclusion") in FAILED,
        is_single_job=True,
    )
    return ended(check, tell_pipeline(read_scene(root), pipeline))


def read_deployment_status(root: Node) -> ParsedEvent:
    status, deployment = root.needed("deployment_status"), root.needed("deployment")
    state = status.required("state")
    event = tell_deployment(
        read_scene(root),
        Deployment(
            environment=status.line("environment") or deployment.line("environment"),
            ref=deployment.line("ref"),
            url=status.address("log_url", "target_url"),
            site_url=status.address("environment_url"),
            title=status.line("description") or deployment.line("description"),
            has_failed=DEPLOYMENT_ENDS.get(state, False),
        ),
    )
    return event if state in DEPLOYMENT_ENDS else ignore(event, kinds.DEPLOYING)


READERS: Mapping[str, Reader] = {
    "push": read_push,
    "pull_request": read_pull_request_event,
    "pull_request_review": read_review,
    "pull_request_review_comment": read_review_comment,
    "issues": read_issue_event,
    "issue_comment": read_comment_event,
    "release": read_release_event,
    "workflow_run": read_workflow_run,
    "workflow_job": read_workflow_job,
    "check_run": read_check_run,
    "deployment_status": read_deployment_status,
    "create": read_ref_made,
    "delete": read_ref_made,
}

IGNORED: Mapping[str, str] = {
    "ping": kinds.PING,
    "check_suite": kinds.RUN_TELLS,
    "status": kinds.RUN_TELLS,
    "workflow_dispatch": kinds.RUN_TELLS,
    "deployment": "the status of the deployment tells it",
    "commit_comment": kinds.OTHER_COMMENT,
    "pull_request_review_thread": "a thread of a review was resolved or opened again",
    **dict.fromkeys(
        {"branch_protection_rule", "discussion", "discussion_comment", "fork", "gollum", "label"}
        | {"member", "membership", "merge_group", "meta", "milestone", "organization", "package"}
        | {"page_build", "project", "project_card", "project_column", "projects_v2"}
        | {"projects_v2_item", "public", "registry_package", "repository", "sponsorship", "star"}
        | {"sub_issues", "issue_dependencies", "team", "team_add", "watch", "installation"}
        | {"installation_repositories", "repository_dispatch"},
        kinds.NOT_CODE,
    ),
}
