"""Our kinds, how grave each is, and what is not told about."""

from collections.abc import Mapping

from hub.contracts import Severity

KINDS: Mapping[str, str] = {
    "git.push": "Commits were pushed to a branch, or a branch was made",
    "git.tag": "A tag was pushed",
    "git.branch_deleted": "A branch was deleted",
    "pull_request.opened": "A pull or merge request was opened, reopened or is ready for review",
    "pull_request.updated": "A pull or merge request got new commits",
    "pull_request.merged": "A pull or merge request was merged",
    "pull_request.closed": "A pull or merge request was closed without being merged",
    "review.approved": "A reviewer approved a pull or merge request",
    "review.changes_requested": "A reviewer asked for changes",
    "review.commented": "Somebody commented on a pull or merge request",
    "issue.opened": "An issue was opened",
    "issue.closed": "An issue was closed",
    "issue.reopened": "A closed issue was opened again",
    "issue.commented": "Somebody commented on an issue",
    "release.published": "A release was published",
    "pipeline.failed": "A pipeline, workflow or check failed",
    "pipeline.recovered": "A pipeline that was broken works again",
    "deployment.finished": "A deployment has finished",
    "deployment.failed": "A deployment failed",
}

SEVERITIES: Mapping[str, Severity] = {
    "pull_request.merged": "success",
    "review.approved": "success",
    "review.changes_requested": "warning",
    "issue.closed": "success",
    "release.published": "success",
    "pipeline.failed": "warning",
    "pipeline.recovered": "success",
    "deployment.finished": "success",
    "deployment.failed": "urgent",
}

# Reasons that several forges share.
PING = "the forge tries out the webhook: it works"
NO_ACTION = "a test of the webhook: it does not say what happened"
NOT_CODE = "about the forge and its people, not about work on the code"
ONLY_DETAILS = "only details changed: text, labels, milestone, reviewers or who it is assigned to"
PUSH_TELLS = "the push tells it"
TAG_DELETED = "a tag was deleted"
EDITED_COMMENT = "a comment was changed or deleted, which is no news"
SYSTEM_NOTE = "a note the forge wrote by itself"
OTHER_COMMENT = "a comment on a commit or snippet, not on a pull request or issue"
NOT_PUBLISHED = "only the publishing of a release is told"
NOT_ENDED = "the run has not ended yet"
INDECISIVE = "the run ended without saying whether it works: cancelled, skipped or neutral"
DEPLOYING = "the deployment has not ended, or is no longer active"
APPROVAL_WITHDRAWN = "an approval was taken back or dismissed"
IN_COMMENTS = "a review without words: its comments tell it"
RUN_TELLS = "the workflow run tells it"
SINGLE_JOB = "a single job or check: only the whole pipeline is told (option single_jobs)"
OWN_ECHO = "the hub's own change came back"
NEWER_RUN = "a newer run of it has ended already"
NOTHING_BROKEN = "nothing was broken"
