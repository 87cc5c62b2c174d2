"""The records become events: title, link, reference, and what templates and conditions read."""

import hashlib
from collections.abc import Iterable
from dataclasses import replace

from hub.contracts import ExternalReference, JSONObject, ParsedEvent, PayloadError, Severity
from integrations.git.kinds import SEVERITIES, TAG_DELETED
from integrations.git.mentioned import find_references
from integrations.git.records import (
    Comment,
    Commit,
    Deployment,
    Issue,
    Pipeline,
    PullRequest,
    Push,
    Release,
    Repository,
    Scene,
)

MAX_SHOWN_COMMITS = 5
MAX_FAILED_JOBS = 5
SHORT_ID_CHARS = 8
MAX_ID_CHARS = 180  # Reference.external_id and SourceState.key hold 200, the latter with a prefix
DIGEST_CHARS = 40
BRANCH_PREFIX, TAG_PREFIX = "refs/heads/", "refs/tags/"


def ignore(event: ParsedEvent, reason: str) -> ParsedEvent:
    """Nothing is to be told, so it is of no kind; what it was about stays visible."""
    return replace(event, kinds=(), ignored_because=reason)


def tell_nothing(title: str, reason: str) -> ParsedEvent:
    return ParsedEvent(kinds=(), title=title, ignored_because=reason)


def tell_push(scene: Scene, push: Push) -> ParsedEvent:
    """A push is to a branch or a tag; both may be deleted by it. Raises PayloadError."""
    tag, branch = push.ref.removeprefix(TAG_PREFIX), push.ref.removeprefix(BRANCH_PREFIX)
    if not tag or not branch:
        raise PayloadError("ref names neither a branch nor a tag", "ref")
    if push.ref.startswith(TAG_PREFIX):
        return _tell_tag(scene, push, tag)
    if push.is_deleted:
        return tell_branch_deleted(scene, branch)
    commits, shown = push.commits, push.commits[:MAX_SHOWN_COMMITS]
    data: JSONObject = {
        "branch": branch,
        "is_default_branch": branch == scene.repository.default_branch,
        "commits": [_commit_data(one) for one in shown],
        "commit_count": push.commit_count,
        "more_count": max(push.commit_count - len(shown), 0),
        "compare_url": push.url,
        "is_forced": push.is_forced,
        "is_new_branch": push.is_new,
        "mentioned_references": find_references(one.message for one in commits),
    }
    event = _event(scene, "git.push", commits[0].title if commits else branch, data)
    only_url = commits[0].url if push.commit_count == 1 and commits else ""
    return replace(event, url=only_url or push.url or scene.repository.url)


def tell_branch_deleted(scene: Scene, branch: str) -> ParsedEvent:
    event = _event(scene, "git.branch_deleted", branch, {"branch": branch})
    return replace(event, url=scene.repository.url)


def tell_pull_request(
    scene: Scene, kind: str, request: PullRequest, *, variant: str = ""
) -> ParsedEvent:
    """`variant` tells apart what shares a kind: reopened, ready."""
    return _about_request(scene, kind, request, {"variant": variant, "text": request.text})


def tell_review(scene: Scene, kind: str, request: PullRequest, comment: Comment) -> ParsedEvent:
    event = _about_request(scene, kind, request, _comment_data(comment, request.url))
    return replace(event, is_private=comment.is_internal)


def tell_issue(scene: Scene, kind: str, issue: Issue) -> ParsedEvent:
    return _about_issue(scene, kind, issue, {"text": issue.text})


def tell_issue_comment(scene: Scene, issue: Issue, comment: Comment) -> ParsedEvent:
    event = _about_issue(scene, "issue.commented", issue, _comment_data(comment, issue.url))
    return replace(event, is_private=comment.is_internal or issue.is_confidential)


def tell_release(scene: Scene, release: Release) -> ParsedEvent:
    data: JSONObject = {
        "tag": release.tag,
        "text": release.text,
        "is_prerelease": release.is_prerelease,
        "mentioned_references": find_references([release.title]),
    }
    event = _event(scene, "release.published", release.title or release.tag, data)
    return replace(event, url=release.url or scene.repository.url)


def tell_pipeline(scene: Scene, run: Pipeline) -> ParsedEvent:
    """A success is told as a recovery here; `enrich` knows whether anything was broken."""
    kind = "pipeline.failed" if run.has_failed else "pipeline.recovered"
    is_default = bool(run.branch) and run.branch == scene.repository.default_branch
    severity: Severity = "urgent" if run.has_failed and is_default else SEVERITIES[kind]
    name = run.workflow or "Pipeline"
    run_name = f"{name} {run.number}" if run.number else name
    place = f"{scene.repository.key}@{run.branch}"
    external_id = _bounded(":".join(filter(None, (place, run.workflow, run.series))))
    data: JSONObject = {
        "workflow": name,
        "run": run_name,
        "subject": run.title,
        "branch": run.branch,
        "is_default_branch": is_default,
        "number": run.number,
        "commit_id": run.commit_id[:SHORT_ID_CHARS],
        "failed_jobs": [*run.failed_jobs[:MAX_FAILED_JOBS]],
        "failed_count": 1 if run.has_failed else 0,
        "run_rank": [*run.rank],
        "is_single_job": run.is_single_job,
        "is_recovery_said": run.is_recovery,
        "mentioned_references": find_references([run.title]),
    }
    event = _event(scene, kind, run.title or run_name, data)
    display = f"{scene.repository.name} {name}" + (f" ({run.branch})" if run.branch else "")
    return replace(
        event,
        reference=ExternalReference(external_id, display[:MAX_ID_CHARS]),
        url=run.url or scene.repository.url,
        severity=severity,
        state_keys=(f"pipeline:{external_id}",),
    )


def tell_deployment(scene: Scene, deployment: Deployment) -> ParsedEvent:
    kind = "deployment.failed" if deployment.has_failed else "deployment.finished"
    data: JSONObject = {
        "environment": deployment.environment,
        "branch": deployment.ref,
        "site_url": deployment.site_url,
        "mentioned_references": find_references([deployment.title]),
    }
    event = _event(scene, kind, deployment.title or deployment.environment, data)
    return replace(event, url=deployment.url or deployment.site_url or scene.repository.url)


def _tell_tag(scene: Scene, push: Push, tag: str) -> ParsedEvent:
    event = _event(scene, "git.tag", tag, {"tag": tag})
    event = replace(event, url=push.url or scene.repository.url)
    return ignore(event, TAG_DELETED) if push.is_deleted else event


def _event(scene: Scene, kind: str, title: str, data: JSONObject) -> ParsedEvent:
    repository = scene.repository
    common: JSONObject = {
        "repository": repository.full_name,
        "repository_name": repository.name,
        "repository_url": repository.url,
        "default_branch": repository.default_branch,
        "mentioned_references": [],
    }
    return ParsedEvent(
        kinds=(kind,),
        title=title,
        actor=scene.actor,
        severity=SEVERITIES.get(kind, "info"),
        data={**common, **data},
    )


def _about_request(scene: Scene, kind: str, request: PullRequest, extra: JSONObject) -> ParsedEvent:
    repository, number = scene.repository, f"{request.mark}{request.number}"
    data: JSONObject = {
        "number": request.number,
        "is_merge_request": request.mark == "!",
        "is_draft": request.is_draft,
        "author": request.author,
        "source_branch": request.source_branch,
        "target_branch": request.target_branch,
        "labels": [*request.labels],
        "assignees": [*request.assignees],
        "reviewers": [*request.reviewers],
        "added_count": request.added_count,
        "deleted_count": request.deleted_count,
        "file_count": request.file_count,
        "mentioned_references": find_references([request.title], own_number=request.number),
    }
    event = _event(scene, kind, request.title or number, {**data, **extra})
    reference = _numbered(repository, number)
    return replace(event, url=request.url or repository.url, reference=reference)


def _about_issue(scene: Scene, kind: str, issue: Issue, extra: JSONObject) -> ParsedEvent:
    number = f"#{issue.number}"
    data: JSONObject = {
        "number": issue.number,
        "author": issue.author,
        "labels": [*issue.labels],
        "assignees": [*issue.assignees],
        "is_confidential": issue.is_confidential,
        "mentioned_references": find_references([issue.title], own_number=issue.number),
    }
    event = _event(scene, kind, issue.title or number, {**data, **extra})
    return replace(
        event,
        url=issue.url or scene.repository.url,
        reference=_numbered(scene.repository, number),
        is_private=issue.is_confidential,
    )


def _numbered(repository: Repository, number: str) -> ExternalReference:
    display = f"{repository.name}{number}"[-MAX_ID_CHARS:]
    return ExternalReference(_bounded(f"{repository.key}{number}"), display)


def _comment_data(comment: Comment, url: str) -> JSONObject:
    return {
        "text": comment.text,
        "comment_url": comment.url or url,
        "file": comment.file,
        "is_internal": comment.is_internal,
    }


def _commit_data(commit: Commit) -> JSONObject:
    return {
        "id": commit.id[:SHORT_ID_CHARS],
        "title": commit.title,
        "url": commit.url,
        "author": commit.author,
    }


def _bounded(external_id: str) -> str:
    """Cut, and still another one for another branch with the same beginning."""
    if len(external_id) <= MAX_ID_CHARS:
        return external_id
    digest = hashlib.sha256(external_id.encode()).hexdigest()[:DIGEST_CHARS]
    return f"{external_id[: MAX_ID_CHARS - DIGEST_CHARS]}{digest}"


def newest_first(commits: Iterable[Commit], head: str) -> tuple[Commit, ...]:
    """GitHub and GitLab send the oldest first, Gitea the newest."""
    found = [*commits]
    return tuple(found if found and found[0].id == head else reversed(found))
