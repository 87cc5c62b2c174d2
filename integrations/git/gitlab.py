"""GitLab's words: `object_kind` of the body, and the action inside of `object_attributes`."""

from collections.abc import Mapping

from hub.contracts import ParsedEvent
from integrations.git import kinds
from integrations.git.alike import MAX_COMMITS, NO_COMMIT, Reader, read_commit
from integrations.git.gitlab_parts import (
    compare_url,
    failed_jobs,
    job_url,
    linked,
    read_issue_fields,
    read_request,
    read_scene,
    without_anchor,
)
from integrations.git.reading import Node
from integrations.git.records import (
    Comment,
    Deployment,
    Pipeline,
    PullRequest,
    Push,
    Release,
    Scene,
)
from integrations.git.telling import (
    ignore,
    newest_first,
    tell_deployment,
    tell_issue,
    tell_issue_comment,
    tell_nothing,
    tell_pipeline,
    tell_pull_request,
    tell_push,
    tell_release,
    tell_review,
)

# action → (kind, variant)
REQUEST_ACTIONS: Mapping[str, tuple[str, str]] = {
    "open": ("pull_request.opened", ""),
    "reopen": ("pull_request.opened", "reopened"),
    "merge": ("pull_request.merged", ""),
    "close": ("pull_request.closed", ""),
}
REVIEW_ACTIONS: Mapping[str, str] = {  # all approvals are there; one of them is
    "approved": "review.approved",
    "approval": "review.approved",
}
WITHDRAWN = frozenset(("unapproved", "unapproval"))
ISSUE_ACTIONS: Mapping[str, str] = {
    "open": "issue.opened",
    "close": "issue.closed",
    "reopen": "issue.reopened",
}
RUN_ENDS: Mapping[str, bool] = {"failed": True, "success": False}
RUN_INDECISIVE = frozenset(("canceled", "canceling", "skipped", "manual"))
DEPLOYMENT_ENDS: Mapping[str, bool] = {"success": False, "failed": True}
# Runs of these test something else than the pushes to the same branch do.
OWN_SERIES = frozenset(("merge_request_event", "parent_pipeline", "schedule"))
REVIEWED, DISCUSSED = "MergeRequest", frozenset(("Issue", "WorkItem"))


def read_push(root: Node) -> ParsedEvent:
    scene, ref = read_scene(root), root.required("ref")
    before, after = root.line("before"), root.line("after")
    is_new, is_deleted = not before.strip("0"), after == NO_COMMIT
    commits = newest_first((read_commit(one) for one in root.nodes("commits")), after)
    push = Push(
        ref=ref,
        commits=commits[:MAX_COMMITS],
        commit_count=max(root.count("total_commits_count"), len(commits)),
        url=compare_url(scene.repository.url, ref, "" if is_new else f"{before}...{after}"),
        is_new=is_new,
        is_deleted=is_deleted,
    )
    return tell_push(scene, push)


def read_merge_request(root: Node) -> ParsedEvent:
    scene, node = read_scene(root), root.needed("object_attributes")
    request, action = read_request(node, root), node.line("action")
    if action in REVIEW_ACTIONS:
        return tell_review(scene, REVIEW_ACTIONS[action], request, Comment("", request.url))
    if action in REQUEST_ACTIONS:
        kind, variant = REQUEST_ACTIONS[action]
        return tell_pull_request(scene, kind, request, variant=variant)
    if action == "update":
        return _tell_update(scene, request, root, has_new_commits=bool(node.line("oldrev")))
    event = tell_pull_request(scene, "", request)
    if action in WITHDRAWN:
        return ignore(event, kinds.APPROVAL_WITHDRAWN)
    if action:
        raise node.surprise("action", f"“{action[:60]}” is not known")
    return ignore(event, kinds.NO_ACTION)


def read_issue(root: Node) -> ParsedEvent:
    """Tasks, incidents and other work items come as issues, too."""
    scene, node = read_scene(root), root.needed("object_attributes")
    action = node.line("action")
    issue = read_issue_fields(node, root)
    if action in ISSUE_ACTIONS:
        return tell_issue(scene, ISSUE_ACTIONS[action], issue)
    event = tell_issue(scene, "", issue)
    if action not in ("", "update"):
        raise node.surprise("action", f"“{action[:60]}” is not known")
    return ignore(event, kinds.ONLY_DETAILS if action else kinds.NO_ACTION)


def read_note(root: Node) -> ParsedEvent:
    scene, node = read_scene(root), root.needed("object_attributes")
    event = _tell_note(scene, root, node)
    if node.flag("system"):
        return ignore(event, kinds.SYSTEM_NOTE)
    is_edited = node.line("action") not in ("", "create")  # before 16.11 it does not say
    return ignore(event, kinds.EDITED_COMMENT) if is_edited else event


def read_release(root: Node) -> ParsedEvent:
    """Nobody is named: the hook has no user (GitLab 17)."""
    release = Release(
        tag=root.required("tag"),
        title=root.line("name"),
        url=root.address("url"),
        text=root.text("description"),
        is_prerelease=False,
    )
    event = tell_release(read_scene(root), release)
    return event if root.line("action") == "create" else ignore(event, kinds.NOT_PUBLISHED)


def read_pipeline(root: Node) -> ParsedEvent:
    """`workflow:name` often holds the title of a commit: too changeable to recognise a run by."""
    scene, node = read_scene(root), root.needed("object_attributes")
    source, commit, status = node.line("source"), root.node("commit"), node.required("status")
    request = root.node("merge_request")
    pipeline = Pipeline(
        workflow="",
        branch=node.line("ref"),
        number=node.count("id"),
        url=node.address("url"),
        title=request.line("title") or commit.line("title") or commit.first_line("message"),
        commit_id=node.line("sha"),
        rank=(node.count("id"), 0),
        has_failed=RUN_ENDS.get(status, False),
        failed_jobs=tuple(failed_jobs(root)),
        series=source if source in OWN_SERIES else "",
    )
    return _ended(status, tell_pipeline(scene, pipeline))


def read_job(root: Node) -> ParsedEvent:
    commit, status = root.node("commit"), root.required("build_status")
    pipeline = Pipeline(
        workflow=root.line("build_name"),
        branch=root.line("ref"),
        number=root.count("pipeline_id"),
        url=job_url(root),
        title=commit.first_line("message"),
        commit_id=root.line("sha"),
        rank=(root.count("build_id"), 0),
        has_failed=RUN_ENDS.get(status, False),
        is_single_job=True,
    )
    event = _ended(status, tell_pipeline(read_scene(root), pipeline))
    may_fail = pipeline.has_failed and root.flag("build_allow_failure")
    return ignore(event, "the job is allowed to fail") if may_fail else event


def read_deployment(root: Node) -> ParsedEvent:
    status = root.required("status")
    deployment = Deployment(
        environment=root.line("environment"),
        ref=root.line("ref"),
        url=root.address("deployable_url", "commit_url"),
        site_url=root.address("environment_external_url"),
        title=root.line("commit_title"),
        has_failed=DEPLOYMENT_ENDS.get(status, False),
    )
    event = tell_deployment(read_scene(root), deployment)
    return event if status in DEPLOYMENT_ENDS else ignore(event, kinds.DEPLOYING)


def _tell_update(
    scene: Scene, request: PullRequest, root: Node, *, has_new_commits: bool
) -> ParsedEvent:
    draft = root.node("changes").node("draft")
    if draft.flag("previous") and not draft.flag("current"):
        return tell_pull_request(scene, "pull_request.opened", request, variant="ready")
    event = tell_pull_request(scene, "pull_request.updated", request)
    return event if has_new_commits else ignore(event, kinds.ONLY_DETAILS)


def _tell_note(scene: Scene, root: Node, node: Node) -> ParsedEvent:
    noteable = node.required("noteable_type")
    is_internal = node.flag("internal") or root.line("event_type") == "confidential_note"
    file = node.node("position").line("new_path")
    comment = Comment(node.text("note"), node.address("url"), file, is_internal)
    if noteable == REVIEWED:
        request = read_request(root.needed("merge_request"), Node())
        return tell_review(scene, "review.commented", linked(request, comment), comment)
    if noteable in DISCUSSED:
        issue = read_issue_fields(root.needed("issue"), Node(), url=without_anchor(comment.url))
        return tell_issue_comment(scene, issue, comment)
    return tell_nothing(f"comment on {noteable}", kinds.OTHER_COMMENT)


def _ended(status: str, event: ParsedEvent) -> ParsedEvent:
    if status in RUN_ENDS:
        return event
    return ignore(event, kinds.INDECISIVE if status in RUN_INDECISIVE else kinds.NOT_ENDED)


READERS: Mapping[str, Reader] = {
    "push": read_push,
    "tag_push": read_push,
    "merge_request": read_merge_request,
    "issue": read_issue,
    "work_item": read_issue,
    "note": read_note,
    "release": read_release,
    "pipeline": read_pipeline,
    "build": read_job,
    "deployment": read_deployment,
}

IGNORED: Mapping[str, str] = dict.fromkeys(
    {"access_token", "deploy_key", "emoji", "feature_flag", "milestone", "project", "subgroup"}
    | {"wiki_page", "repository_update", "user_add_to_group", "user_add_to_team"}
    | {"user_remove_from_group", "user_remove_from_team", "user_update_for_group"}
    | {"user_update_for_team", "project_create", "project_destroy", "project_update"},
    kinds.NOT_CODE,
)
