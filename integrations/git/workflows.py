"""Runs of GitHub's Actions, and of Gitea's, which were made after them."""

from hub.contracts import ParsedEvent
from integrations.git import kinds
from integrations.git.alike import read_scene
from integrations.git.reading import Node
from integrations.git.records import Pipeline, Repository
from integrations.git.telling import ignore, tell_pipeline

FAILED = frozenset(("failure", "timed_out", "startup_failure", "error"))


def read_workflow_run(root: Node) -> ParsedEvent:
    """Gitea's run has no name of its own: it is in the workflow, or its file is named."""
    scene, run = read_scene(root), root.needed("workflow_run")
    file_name = run.line("path").partition("@")[0].rpartition("/")[2]
    commit = run.node("head_commit")
    pipeline = Pipeline(
        workflow=run.line("name") or root.node("workflow").line("name") or file_name,
        branch=_branch(run, scene.repository),
        number=run.count("run_number"),
        url=run.address("html_url"),
        title=run.line("display_title") or commit.first_line("message"),
        commit_id=run.line("head_sha"),
        rank=(run.count("id"), run.count("run_attempt")),  # numbers begin anew with a new file
        has_failed=run.line("conclusion") in FAILED,
    )
    return ended(run, tell_pipeline(scene, pipeline))


def read_workflow_job(root: Node) -> ParsedEvent:
    scene, job = read_scene(root), root.needed("workflow_job")
    names = (job.line("workflow_name"), job.line("name"))
    pipeline = Pipeline(
        workflow=" / ".join(filter(None, names)),
        branch=job.line("head_branch"),
        number=0,
        url=job.address("html_url"),
        title="",
        commit_id=job.line("head_sha"),
        rank=(job.count("run_id"), job.count("run_attempt")),
        has_failed=job.line("conclusion") in FAILED,
        is_single_job=True,
    )
    return ended(job, tell_pipeline(scene, pipeline))


def ended(run: Node, event: ParsedEvent) -> ParsedEvent:
    conclusion = run.line("conclusion")
    if run.line("status") != "completed":
        return ignore(event, kinds.NOT_ENDED)
    return event if conclusion in FAILED | {"success"} else ignore(event, kinds.INDECISIVE)


def _branch(run: Node, repository: Repository) -> str:
    """With the fork's owner: `main` of a fork is not our `main`."""
    branch = run.line("head_branch")
    home = run.node("head_repository").line("full_name")
    is_fork = bool(home) and home.lower() != repository.full_name.lower()
    return f"{home.partition('/')[0]}:{branch}" if is_fork else branch
