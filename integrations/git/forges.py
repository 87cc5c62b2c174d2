"""Which forge sent a request, what it calls the event, and the proof that it is who it says."""

from collections.abc import Mapping
from dataclasses import dataclass

from hub import signatures
from hub.contracts import Identity, InboundRequest, JSONObject, PayloadError, VerificationError

FORM = "application/x-www-form-urlencoded"
GITHUB_PREFIX = "sha256="
SIGNING_TOKEN_PREFIX = "whsec_"  # noqa: S105  # what GitLab's signing tokens begin with


@dataclass(frozen=True, slots=True)
class Forge:
    """`event_header` names the event, `delivery_header` one sending of it.

    `signature_header` holds the bare hex digits of an HMAC-SHA256 over the JSON.
    """

    name: str
    label: str
    event_header: str
    delivery_header: str
    signature_header: str = ""


# Gitea and Forgejo send the headers of the ones below them as well: the first that is there counts.
FORGES: tuple[Forge, ...] = (
    Forge("forgejo", "Forgejo", "x-forgejo-event", "x-forgejo-delivery", "x-forgejo-signature"),
    Forge("gitea", "Gitea", "x-gitea-event", "x-gitea-delivery", "x-gitea-signature"),
    Forge("gogs", "Gogs", "x-gogs-event", "x-gogs-delivery", "x-gogs-signature"),
    Forge("gitlab", "GitLab", "x-gitlab-event", "idempotency-key"),
    Forge("github", "GitHub", "x-github-event", "x-github-delivery"),
)
NUMBERED = ("merge_request", "issue", "pull_request", "object_attributes")
KEPT_HEADERS = tuple(forge.event_header for forge in FORGES)


def verify(request: InboundRequest, secret: str) -> None:
    """Whichever way it is signed, over the raw bytes. Raises VerificationError.

    An empty secret at the forge leaves an empty signature header: that is unsigned.
    """
    headers = request.headers
    if secret.startswith(SIGNING_TOKEN_PREFIX) and headers.get("webhook-signature"):
        return signatures.check_standard_webhooks(
            dict(headers), secret=secret, body=request.body, now=request.received_at
        )
    for forge in FORGES:
        if given := headers.get(forge.signature_header, ""):
            _refuse_signed_form(request, forge)
            return signatures.check_hmac(given, secret=secret, body=request.body)
    if "x-gitlab-event" in headers or "x-gitlab-token" in headers:
        return signatures.check_secret(headers.get("x-gitlab-token", ""), secret=secret)
    given = headers.get("x-hub-signature-256", "").strip()
    given = "" if given == GITHUB_PREFIX else given
    return signatures.check_hmac(given, secret=secret, body=request.body, prefix=GITHUB_PREFIX)


def sign(request: InboundRequest, secret: str) -> Mapping[str, str]:
    """As the forge signs whose headers are there; GitLab sends the secret itself along."""
    forge = find_forge(request)
    if forge is not None and forge.name == "gitlab":
        return {"x-gitlab-token": secret}
    if forge is not None and forge.signature_header:
        return {forge.signature_header: signatures.make_hmac(secret=secret, body=request.body)}
    made = signatures.make_hmac(secret=secret, body=request.body, prefix=GITHUB_PREFIX)
    return {"x-hub-signature-256": made}


def identify(request: InboundRequest) -> Identity:
    """The forge's id of the sending, which stays the same when it sends it once more; where it is
    part of what is signed, the one that is.

    Without one (GitLab before 17.4) the hub compares the body. Raises PayloadError only for what
    is not JSON.
    """
    body = request.json()
    forge = find_forge(request)
    key = request.headers.get("webhook-id", "")
    if forge is not None:
        key = key or request.headers.get(forge.delivery_header, "")
    display = _display(body) if isinstance(body, dict) else ""
    return Identity(dedup_key=key or None, reference=display[:100])


def find_forge(request: InboundRequest, chosen: str = "") -> Forge | None:
    """The one that the source's option says, else the one whose header is there."""
    if chosen:
        return next((one for one in FORGES if one.name == chosen), None)
    return next((one for one in FORGES if request.headers.get(one.event_header)), None)


def known_forge(request: InboundRequest, chosen: str) -> Forge:
    """Raises PayloadError, with what can be done about it."""
    forge = find_forge(request, chosen.strip().lower())
    if forge is not None:
        return forge
    names = ", ".join(one.name for one in FORGES)
    if chosen:
        raise PayloadError(f"the option forge is “{chosen[:60]}”; known are: {names}", "forge")
    raise PayloadError(
        "no header says what happened (X-GitHub-Event and the like): this is not the webhook of "
        f"a forge that the hub knows, which are: {names}",
        "x-github-event",
    )


def find_word(forge: Forge, request: InboundRequest, body: JSONObject) -> str:
    """What the forge calls the event. Raises PayloadError when nothing says it."""
    if forge.name == "gitlab":
        word = body.get("object_kind") or body.get("event_name")
        path = "object_kind"
    else:
        word = request.headers.get(forge.event_header)
        path = forge.event_header
    if not isinstance(word, str) or not word:
        raise PayloadError(f"{path} is missing: {forge.label} says there what happened", path)
    return word


def _refuse_signed_form(request: InboundRequest, forge: Forge) -> None:
    if request.content_type == FORM:
        raise VerificationError(
            f"{forge.label} does not sign forms as it sends them: choose application/json as "
            "the content type of the webhook"
        )


def _display(body: JSONObject) -> str:
    """Cheap, for the duplicates' and refusals' rows only."""
    about = next((one for one in NUMBERED if isinstance(body.get(one), dict)), "")
    place = body.get("repository") or body.get("project")
    name = place.get("name") if isinstance(place, dict) else None
    part = body.get(about)
    number = (part.get("number") or part.get("iid")) if isinstance(part, dict) else None
    if not isinstance(name, str) or not isinstance(number, int | str):
        return ""
    is_merge_request = "merge_request" in (about, body.get("object_kind"))
    return f"{name}{'!' if is_merge_request else '#'}{number}"
