"""The words of Gitea and Forgejo: events of the headers X-Gitea-Event and X-Forgejo-Event."""

from collections.abc import Mapping

from hub.contracts import ParsedEvent
from integrations.git import kinds
from integrations.git.alike import (
    Reader,
    read_actor,
    read_comment_event,
    read_issue_event,
    read_pull_request,
    read_pull_request_event,
    read_push,
    read_ref_made,
    read_release_event,
    read_repository,
    read_scene,
)
from integrations.git.reading import Node
from integrations.git.records import Comment, Pipeline, Scene
from integrations.git.telling import (
    ignore,
    tell_branch_deleted,
    tell_pipeline,
    tell_review,
)
from integrations.git.workflows import read_workflow_job, read_workflow_run

# Gitea says it in the event, its review type says it once more.
REVIEW_TYPES: Mapping[str, str] = {
    "pull_request_review_approved": "review.approved",
    "pull_request_review_rejected": "review.changes_requested",
    "pull_request_review_comment": "review.commented",
}


def read_review(root: Node) -> ParsedEvent:
    """No link of its own: the pull request's has to do (Gitea 1.24)."""
    scene, review = read_scene(root), root.needed("review")
    kind = REVIEW_TYPES.get(review.required("type"))
    if kind is None:
        raise review.surprise("type", f"“{review.line('type')[:60]}” is not known")
    request = read_pull_request(root.needed("pull_request"))
    return tell_review(scene, kind, request, Comment(review.text("content"), ""))


def read_ref_deleted(root: Node) -> ParsedEvent:
    """No push comes with it, unlike GitHub's."""
    if root.required("ref_type") != "branch":
        return ignore(read_ref_made(root), kinds.TAG_DELETED)
    branch = root.required("ref").removeprefix("refs/heads/")
    return tell_branch_deleted(read_scene(root), branch)


def read_action_run(root: Node) -> ParsedEvent:
    """Forgejo's own: the repository and who started it lie inside of the run."""
    run = root.needed("run")
    scene = Scene(
        read_repository(run.needed("repository")),
        read_actor(root.node("sender") or run.node("trigger_user")),
    )
    action = root.required("action")
    pipeline = Pipeline(
        workflow=run.line("workflow_id"),
        branch=run.line("prettyref"),
        number=run.count("index_in_repo"),
        url=run.address("html_url"),
        title=run.line("title"),
        commit_id=run.line("commit_sha"),
        rank=(run.count("id"), 0),
        has_failed=action == "failure",
        is_recovery=action == "recover",
    )
    event = tell_pipeline(scene, pipeline)
    if action == "success":
        return ignore(event, "a recovery has an event of its own: action_run_recover")
    if action not in ("failure", "recover"):
        raise root.surprise("action", f"“{action[:60]}” is not known")
    return event


READERS: Mapping[str, Reader] = {
    "push": read_push,
    "pull_request": read_pull_request_event,
    "pull_request_approved": read_review,
    "pull_request_rejected": read_review,
    "pull_request_comment": read_review,
    "issues": read_issue_event,
    "issue_comment": read_comment_event,
    "release": read_release_event,
    "workflow_run": read_workflow_run,
    "workflow_job": read_workflow_job,
    "action_run_failure": read_action_run,
    "action_run_recover": read_action_run,
    "action_run_success": read_action_run,
    "create": read_ref_made,
    "delete": read_ref_deleted,
}

IGNORED: Mapping[str, str] = {
    "status": kinds.RUN_TELLS,
    **dict.fromkeys(("fork", "package", "repository", "wiki"), kinds.NOT_CODE),
}
