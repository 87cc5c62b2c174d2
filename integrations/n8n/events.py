"""What n8n sends, by its shape: what an error workflow passes on, or a message of a workflow."""

from collections.abc import Mapping

from hub import signatures
from hub.contracts import Identity, InboundRequest, JSONObject, ParsedEvent, SourceView
from integrations.n8n.failures import is_failure, read_failure
from integrations.n8n.messages import read_event
from integrations.n8n.reading import Fields, as_text, read_body

SECRET_HEADER = "x-hub-token"  # noqa: S105  # its name
IDEMPOTENCY_KEY = "idempotency-key"
MANUAL = "manual"
MAX_REFERENCE_CHARS = 100


def verify(request: InboundRequest, secret: str) -> None:
    """n8n cannot sign: its HTTP Request node sends a shared secret along.

    Raises VerificationError.
    """
    signatures.check_secret(request.headers.get(SECRET_HEADER, ""), secret=secret)


def sign(_request: InboundRequest, secret: str) -> Mapping[str, str]:
    """The secret itself, as the header that the README has set up."""
    return {SECRET_HEADER: secret}


def identify(request: InboundRequest) -> Identity:
    """The failed execution, else the key that the workflow gives its message, else the body's hash.

    Raises PayloadError only for what is not JSON.
    """
    body = request.json()
    if not isinstance(body, dict):
        return Identity()
    if is_failure(body):
        return Identity(dedup_key=_execution_key(body), reference=_name_of(body, "workflow"))
    return Identity(
        dedup_key=_message_key(request, body),
        reference=as_text(body.get("thread_key"))[:MAX_REFERENCE_CHARS],
        channel=as_text(body.get("channel")).strip().removeprefix("#").lower(),
    )


def parse(request: InboundRequest, source: SourceView) -> ParsedEvent:
    """Raises PayloadError at the first surprise."""
    fields: Fields = read_body(request.json())
    if is_failure(fields.value):
        return read_failure(fields, source, request.received_at)
    return read_event(fields)


def _execution_key(body: JSONObject) -> str | None:
    """Also where a header has a key: that one counts the runs of the error workflow.

    None for the sample that an Error Trigger gives when it is tried: its number is another's.
    """
    execution = body.get("execution")
    if not isinstance(execution, dict) or execution.get("mode") == MANUAL:
        return None
    number = as_text(execution.get("id"))
    return f"execution:{number}" if number else None


def _message_key(request: InboundRequest, body: JSONObject) -> str | None:
    """The event's name belongs to it: two nodes of one execution often count alike."""
    key = request.headers.get(IDEMPOTENCY_KEY, "").strip() or as_text(body.get("id")).strip()
    event = as_text(body.get("event")).strip()
    return f"{key}:{event}" if key and event else key or None


def _name_of(body: JSONObject, field: str) -> str:
    inner = body.get(field)
    return as_text(inner.get("name"))[:MAX_REFERENCE_CHARS] if isinstance(inner, dict) else ""
