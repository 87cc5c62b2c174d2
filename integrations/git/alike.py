"""What GitHub, Gitea and Forgejo write alike: Gitea's API was made after GitHub's."""

from collections.abc import Callable, Mapping
from typing import TypeAlias
from urllib.parse import quote

from hub.contracts import Actor, ParsedEvent
from integrations.git import kinds
from integrations.git.reading import Node
from integrations.git.records import (
    Comment,
    Commit,
    Issue,
    PullRequest,
    Push,
    Release,
    Repository,
    Scene,
)
from integrations.git.telling import (
    TAG_PREFIX,
    ignore,
    newest_first,
    tell_issue,
    tell_issue_comment,
    tell_nothing,
    tell_pull_request,
    tell_push,
    tell_release,
    tell_review,
)

Reader: TypeAlias = Callable[[Node], ParsedEvent]

MAX_COMMITS = 100  # GitHub sends up to 2048; ours are for five lines and their references
NO_COMMIT = "0" * 40

# action → (kind, variant)
REQUEST_ACTIONS: Mapping[str, tuple[str, str]] = {
    "opened": ("pull_request.opened", ""),
    "reopened": ("pull_request.opened", "reopened"),
    "ready_for_review": ("pull_request.opened", "ready"),
    "synchronize": ("pull_request.updated", ""),
    "synchronized": ("pull_request.updated", ""),  # Gitea
}
ISSUE_ACTIONS: Mapping[str, str] = {
    "opened": "issue.opened",
    "closed": "issue.closed",
    "reopened": "issue.reopened",
}
DETAIL_ACTIONS = (
    {"edited", "labeled", "unlabeled", "label_updated", "label_cleared", "assigned", "unassigned"}
    | {"milestoned", "demilestoned", "locked", "unlocked", "pinned", "unpinned", "typed", "untyped"}
    | {"review_requested", "review_request_removed", "converted_to_draft", "transferred", "deleted"}
    | {"auto_merge_enabled", "auto_merge_disabled", "enqueued", "dequeued", "field_added"}
    | {"field_removed", "parent_issue_added", "parent_issue_removed"}
)
COMMENT_ACTIONS_IGNORED = frozenset(("edited", "deleted", "pinned", "unpinned"))
RELEASE_ACTIONS_IGNORED = frozenset(
    ("created", "edited", "updated", "deleted", "unpublished", "prereleased", "released")
)


def read_scene(root: Node) -> Scene:
    return Scene(read_repository(root.needed("repository")), read_actor(root.node("sender")))


def read_repository(node: Node) -> Repository:
    return Repository(
        node.required("full_name"), node.address("html_url"), node.line("default_branch")
    )


def read_actor(node: Node) -> Actor | None:
    """GitHub gives the login alone, Gitea a full name where somebody has entered one."""
    login = node.line("login") or node.line("username")
    name, email = node.line("full_name") or login, node.line("email")
    return Actor(name, login, email if "@" in email else "") if name else None


def read_push(root: Node) -> ParsedEvent:
    scene = read_scene(root)
    after = root.line("after")
    commits = newest_first((read_commit(one) for one in root.nodes("commits")), after)
    ref, is_new = root.required("ref"), not root.line("before").strip("0")
    push = Push(
        ref=ref,
        commits=commits[:MAX_COMMITS],
        commit_count=max(root.count("total_commits"), len(commits)),
        url=_tag_url(scene.repository, ref) or root.address("compare", "compare_url"),
        is_new=root.flag("created") or is_new,
        is_deleted=root.flag("deleted") or after == NO_COMMIT,
        is_forced=root.flag("forced"),
    )
    pusher = root.node("pusher")
    actor = scene.actor or read_actor(pusher)
    if actor is None and (name := pusher.line("name")):
        actor = Actor(name, name)
    return tell_push(Scene(scene.repository, actor), push)


def read_commit(node: Node) -> Commit:
    author = node.node("author")
    return Commit(
        id=node.line("id"),
        title=node.first_line("message"),
        message=node.text("message"),
        url=node.address("url"),
        author=author.line("name") or author.line("username"),
    )


def read_pull_request_event(root: Node) -> ParsedEvent:
    scene, action = read_scene(root), root.required("action")
    node = root.needed("pull_request")
    request = read_pull_request(node)
    if action == "closed":
        kind = "pull_request.merged" if node.flag("merged") else "pull_request.closed"
        return tell_pull_request(scene, kind, request)
    if action in DETAIL_ACTIONS:
        return ignore(tell_pull_request(scene, "", request), kinds.ONLY_DETAILS)
    if action not in REQUEST_ACTIONS:
        raise unknown_action(root, action)
    kind, variant = REQUEST_ACTIONS[action]
    return tell_pull_request(scene, kind, request, variant=variant)


def read_pull_request(node: Node) -> PullRequest:
    return PullRequest(
        number=node.number(),
        mark="#",
        title=node.line("title"),
        url=node.address("html_url"),
        author=read_name(node.node("user")),
        text=node.text("body"),
        is_draft=node.flag("draft"),
        source_branch=node.node("head").line("ref"),
        target_branch=node.node("base").line("ref"),
        labels=tuple(node.names("labels", "name")),
        assignees=tuple(node.names("assignees", "full_name", "login")),
        reviewers=tuple(node.names("requested_reviewers", "full_name", "login")),
        added_count=node.count("additions"),
        deleted_count=node.count("deletions"),
        file_count=node.count("changed_files"),
    )


def read_name(user: Node) -> str:
    return user.line("full_name") or user.line("login")


def read_issue_event(root: Node) -> ParsedEvent:
    scene, action = read_scene(root), root.required("action")
    issue = read_issue(root.needed("issue"))
    if action in DETAIL_ACTIONS:
        return ignore(tell_issue(scene, "", issue), kinds.ONLY_DETAILS)
    if action not in ISSUE_ACTIONS:
        raise unknown_action(root, action)
    return tell_issue(scene, ISSUE_ACTIONS[action], issue)


def read_issue(node: Node) -> Issue:
    return Issue(
        number=node.number(),
        title=node.line("title"),
        url=node.address("html_url"),
        author=read_name(node.node("user")),
        text=node.text("body"),
        labels=tuple(node.names("labels", "name")),
        assignees=tuple(node.names("assignees", "full_name", "login")),
    )


def read_comment_event(root: Node) -> ParsedEvent:
    """Pull requests are issues here: a field of the issue says that it is one."""
    scene, node = read_scene(root), root.needed("issue")
    comment = read_comment(root.node("comment"))
    if root.flag("is_pull") or node.value.get("pull_request") is not None:
        whole = root.node("pull_request") or node  # Gitea sends the pull request itself as well
        event = tell_review(scene, "review.commented", read_pull_request(whole), comment)
    else:
        event = tell_issue_comment(scene, read_issue(node), comment)
    return only_created(root, event)


def read_comment(node: Node) -> Comment:
    return Comment(node.text("body"), node.address("html_url"), node.line("path"))


def only_created(root: Node, event: ParsedEvent) -> ParsedEvent:
    action = root.required("action")
    if action in COMMENT_ACTIONS_IGNORED:
        return ignore(event, kinds.EDITED_COMMENT)
    if action != "created":
        raise unknown_action(root, action)
    return event


def read_release_event(root: Node) -> ParsedEvent:
    action, node = root.required("action"), root.needed("release")
    release = Release(
        tag=node.required("tag_name"),
        title=node.line("name"),
        url=node.address("html_url"),
        text=node.text("body"),
        is_prerelease=node.flag("prerelease"),
    )
    event = tell_release(read_scene(root), release)
    if action in RELEASE_ACTIONS_IGNORED:
        return ignore(event, kinds.NOT_PUBLISHED)
    if action != "published":
        raise unknown_action(root, action)
    return event


def read_ref_made(root: Node) -> ParsedEvent:
    """Branch or tag: a push comes with it and says more."""
    return tell_nothing(f"{root.line('ref_type')} {root.line('ref')}".strip(), kinds.PUSH_TELLS)


def _tag_url(repository: Repository, ref: str) -> str:
    """A tag is looked at; there is nothing to compare it with."""
    if not ref.startswith(TAG_PREFIX) or not repository.url:
        return ""
    return f"{repository.url}/releases/tag/{quote(ref.removeprefix(TAG_PREFIX), safe='/')}"


def unknown_action(root: Node, action: str) -> Exception:
    return root.surprise("action", f"“{action[:60]}” is not known")
