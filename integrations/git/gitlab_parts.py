"""The parts of GitLab's bodies: project, person, merge request, issue, and links it leaves out."""

from dataclasses import replace
from urllib.parse import quote, urlsplit

from hub.contracts import Actor
from integrations.git.reading import Node
from integrations.git.records import Comment, Issue, PullRequest, Repository, Scene
from integrations.git.telling import BRANCH_PREFIX, TAG_PREFIX


def read_scene(root: Node) -> Scene:
    return Scene(read_project(root), _read_actor(root))


def read_project(root: Node) -> Repository:
    """The hook of a job says it in `project` only since GitLab 15; else its address holds it."""
    project = root.node("project")
    if project.value.get("path_with_namespace") is not None:
        name, url = project.required("path_with_namespace"), project.address("web_url")
        return Repository(name, url, project.line("default_branch"))
    url = root.node("repository").address("homepage")
    path = _path_of(url)
    if not path:
        raise project.surprise("path_with_namespace", "is missing")
    return Repository(path, url, "")


def _path_of(url: str) -> str:
    try:
        return urlsplit(url).path.strip("/")
    except ValueError:
        return ""


def _read_actor(root: Node) -> Actor | None:
    """Pushes say it in flat fields. GitLab sends `[REDACTED]` for an address that is private."""
    user = root.node("user")
    login = user.line("username") or root.line("user_username")
    name = user.line("name") or root.line("user_name") or login
    email = user.line("email") or root.line("user_email")
    return Actor(name, login, email if "@" in email else "") if name else None


def read_request(node: Node, root: Node) -> PullRequest:
    return PullRequest(
        number=node.number(),
        mark="!",
        title=node.line("title"),
        url=node.address("url"),
        text=node.text("description"),
        is_draft=node.flag("draft") or node.flag("work_in_progress"),
        source_branch=node.line("source_branch"),
        target_branch=node.line("target_branch"),
        labels=tuple(root.names("labels", "title")),
        assignees=tuple(root.names("assignees", "name", "username")),
        reviewers=tuple(root.names("reviewers", "name", "username")),
    )


def linked(request: PullRequest, comment: Comment) -> PullRequest:
    """What a comment is about has no address in its hook; the comment has one."""
    return request if request.url else replace(request, url=without_anchor(comment.url))


def read_issue_fields(node: Node, root: Node, *, url: str = "") -> Issue:
    said = root.line("event_type") in ("confidential_issue", "confidential_work_item")
    return Issue(
        number=node.number(),
        title=node.line("title"),
        url=node.address("url") or url,
        text=node.text("description"),
        labels=tuple((root or node).names("labels", "title")),
        assignees=tuple(root.names("assignees", "name", "username")),
        is_confidential=said or node.flag("confidential"),
    )


def without_anchor(url: str) -> str:
    return url.partition("#")[0]


def failed_jobs(root: Node) -> list[str]:
    return [
        job.line("name")
        for job in root.nodes("builds")
        if job.line("status") == "failed" and not job.flag("allow_failure")
    ]


def compare_url(web_url: str, ref: str, span: str) -> str:
    """GitLab sends none."""
    if not web_url:
        return ""
    if ref.startswith(TAG_PREFIX):
        return f"{web_url}/-/tags/{quote(ref.removeprefix(TAG_PREFIX), safe='/')}"
    branch = quote(ref.removeprefix(BRANCH_PREFIX), safe="/")
    return f"{web_url}/-/compare/{quote(span, safe='.')}" if span else f"{web_url}/-/tree/{branch}"


def job_url(root: Node) -> str:
    repository, number = read_project(root), root.count("build_id")
    return f"{repository.url}/-/jobs/{number}" if repository.url and number else ""
