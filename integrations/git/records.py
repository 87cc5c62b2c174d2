"""What the forges tell, in one form for all of them."""

from dataclasses import dataclass

from hub.contracts import Actor


@dataclass(frozen=True, slots=True)
class Repository:
    full_name: str  # acme/klantportaal
    url: str
    default_branch: str

    @property
    def name(self) -> str:
        return self.full_name.rpartition("/")[2]

    @property
    def key(self) -> str:
        """One source may hear of several forges, where mirrors bear the same name."""
        return self.url.partition("://")[2] or self.full_name


@dataclass(frozen=True, slots=True)
class Scene:
    """Where it happened and who did it."""

    repository: Repository
    actor: Actor | None


@dataclass(frozen=True, slots=True)
class Commit:
    id: str
    title: str
    message: str
    url: str
    author: str


@dataclass(frozen=True, slots=True)
class Push:
    """`commits` are the newest ones, newest first; `commit_count` may be larger."""

    ref: str  # refs/heads/main, refs/tags/v1.4.0
    commits: tuple[Commit, ...]
    commit_count: int
    url: str  # of the comparison; of the branch when it is new
    is_new: bool
    is_deleted: bool
    is_forced: bool = False


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request, or in GitLab a merge request: then `mark` is `!`."""

    number: int
    mark: str
    title: str
    url: str
    author: str = ""
    text: str = ""
    is_draft: bool = False
    source_branch: str = ""
    target_branch: str = ""
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    added_count: int = 0
    deleted_count: int = 0
    file_count: int = 0


@dataclass(frozen=True, slots=True)
class Issue:
    number: int
    title: str
    url: str
    author: str = ""
    text: str = ""
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    is_confidential: bool = False


@dataclass(frozen=True, slots=True)
class Comment:
    """What a reviewer or commentator wrote; `file` is set for a comment on a line of code."""

    text: str
    url: str
    file: str = ""
    is_internal: bool = False


@dataclass(frozen=True, slots=True)
class Release:
    tag: str
    title: str
    url: str
    text: str
    is_prerelease: bool


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A run that has ended. `rank` grows from run to run of the same workflow and branch."""

    workflow: str
    branch: str  # with its owner when it lies in a fork: mila:main
    number: int
    url: str
    title: str  # what is being built: a commit or pull request
    commit_id: str
    rank: tuple[int, int]
    has_failed: bool
    failed_jobs: tuple[str, ...] = ()
    series: str = ""  # sets runs apart that share workflow and branch
    is_single_job: bool = False
    is_recovery: bool = False  # the forge itself says that it was broken before


@dataclass(frozen=True, slots=True)
class Deployment:
    environment: str
    ref: str
    url: str  # of the deployment's record
    site_url: str  # what was deployed
    title: str
    has_failed: bool
