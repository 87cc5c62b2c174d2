"""A webhook of any forge becomes an event: its dialect reads it, the rest is the same for all."""

from collections.abc import Mapping
from dataclasses import replace

from hub.contracts import (
    InboundRequest,
    JSONObject,
    JSONValue,
    ParsedEvent,
    PayloadError,
    SourceView,
)
from integrations.git import gitea, github, gitlab, kinds
from integrations.git.alike import Reader
from integrations.git.forges import Forge, find_word, known_forge
from integrations.git.reading import Node
from integrations.git.telling import ignore, tell_nothing

READERS: Mapping[str, Mapping[str, Reader]] = {
    "github": github.READERS,
    "gitlab": gitlab.READERS,
    "gitea": gitea.READERS,
    "forgejo": gitea.READERS,
    "gogs": gitea.READERS,
}
IGNORED: Mapping[str, Mapping[str, str]] = {
    "github": github.IGNORED,
    "gitlab": gitlab.IGNORED,
    "gitea": gitea.IGNORED,
    "forgejo": gitea.IGNORED,
    "gogs": gitea.IGNORED,
}


def parse(request: InboundRequest, source: SourceView) -> ParsedEvent:
    """Pure. Raises PayloadError with the place of the first surprise."""
    body = request.json()
    if not isinstance(body, dict):
        raise PayloadError("the body is not a JSON object")
    forge = known_forge(request, _option(source, "forge"))
    event = _read(forge, find_word(forge, request, body), body)
    event = replace(
        event,
        is_private=event.is_private or _is_said_confidential(request),
        data={**event.data, "forge": forge.name, "mentioned": _mentioned(event, forge)},
    )
    if event.ignored_because:
        return event
    return ignore(event, reason) if (reason := _ignored_because(event, source)) else event


def _read(forge: Forge, word: str, body: JSONObject) -> ParsedEvent:
    if reason := IGNORED[forge.name].get(word):
        return tell_nothing(word.replace("_", " "), reason)
    reader = READERS[forge.name].get(word)
    if reader is None:
        raise PayloadError(
            f"“{word[:60]}” of {forge.label} is no event that the hub tells about", "event"
        )
    return reader(Node(body))


def _mentioned(event: ParsedEvent, forge: Forge) -> JSONValue:
    """With an address where it can be a number of this repository; else the hub may know it."""
    named, repository_url = event.data.get("mentioned_references"), event.data.get("repository_url")
    issues = "/-/issues/" if forge.name == "gitlab" else "/issues/"
    return [
        {"reference": one, "url": f"{repository_url}{issues}{one[1:]}" if one[0] == "#" else ""}
        for one in (named if isinstance(named, list) else [])
        if isinstance(one, str)
    ]


def _is_said_confidential(request: InboundRequest) -> bool:
    """GitLab's header says it as well as the body: what either calls confidential is."""
    return request.headers.get("x-gitlab-event", "").startswith("Confidential ")


def _ignored_because(event: ParsedEvent, source: SourceView) -> str:
    own_login = _option(source, "own_login").lower()
    if own_login and event.actor is not None and event.actor.login.lower() == own_login:
        return kinds.OWN_ECHO
    wants_jobs = _option(source, "single_jobs").lower() in ("true", "yes", "1")
    return kinds.SINGLE_JOB if event.data.get("is_single_job") and not wants_jobs else ""


def _option(source: SourceView, name: str) -> str:
    value = source.options.get(name)
    return str(value).strip() if isinstance(value, str | int) else ""
