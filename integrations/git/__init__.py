"""Git forges: GitHub, GitLab, Gitea and Forgejo."""

from pathlib import Path

from hub.contracts import Integration
from hub.contracts import gettext_noop as _
from integrations.git.events import parse
from integrations.git.forges import KEPT_HEADERS, identify, sign, verify
from integrations.git.kinds import KINDS
from integrations.git.pipelines import enrich

INTEGRATION = Integration(
    name="git",
    label="Git (GitHub, GitLab, Gitea, Forgejo)",
    folder=Path(__file__).parent,
    kinds=KINDS,
    verify=verify,
    sign=sign,
    identify=identify,
    parse=parse,
    enrich=enrich,
    options={
        "forge": _("github, gitlab, gitea or forgejo; empty: as the headers of a request say"),
        "own_login": _(
            "the login of the hub's account at the forge: what it does is not told about"
        ),
        "references_source": _("name of the source that #23 in a message means, where several may"),
        "single_jobs": _(
            "true: single jobs and checks are told about, too, not only whole pipelines"
        ),
    },
    kept_headers=KEPT_HEADERS,
)
