"""What an error workflow passes on: an execution that failed, or a trigger that does not start."""

from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from hub.contracts import ExternalReference, JSONObject, ParsedEvent, SourceView
from integrations.n8n.kinds import FAILED, START_FAILED
from integrations.n8n.reading import Fields

MAX_ERROR_CHARS = 1_000
OWN_HOSTS = frozenset({"localhost", "127.0.0.1", "0.0.0.0", "::1"})  # noqa: S104  # not bound to


def is_failure(body: JSONObject) -> bool:
    return "workflow" in body and ("execution" in body or "trigger" in body)


def read_failure(fields: Fields, source: SourceView, received_at: datetime) -> ParsedEvent:
    """Neither the stack nor the execution's context is read: they are not for a channel."""
    workflow = fields.inner("workflow")
    workflow_id, name = workflow.line("id"), workflow.line("name")
    if not workflow_id and not name:
        raise fields.surprise("workflow", "has neither a name nor an id")
    is_start = fields.value.get("execution") is None
    run = fields.inner("trigger" if is_start else "execution")
    title = name or f"workflow {workflow_id}"
    return ParsedEvent(
        kinds=(START_FAILED if is_start else FAILED,),
        title=title,
        reference=_reference(workflow_id or name, title, received_at),
        url=_address(run, workflow_id, source.base_url),
        severity="urgent",
        data={
            "workflow": title,
            "workflow_id": workflow_id,
            "execution_id": run.line("id"),
            "mode": run.line("mode"),
            "status": run.line("status"),
            "retry_of": run.line("retryOf"),
            "started_at": run.line("startedAt"),
            "stopped_at": run.line("stoppedAt"),
            **_error(run),
        },
    )


def _reference(workflow: str, title: str, received_at: datetime) -> ExternalReference:
    """One thread for each day: a workflow that fails every minute fills no channel, and one that
    fails again next month is not hidden in an old thread."""
    day = received_at.astimezone(UTC).date().isoformat()
    return ExternalReference(f"{workflow[:180]}/{day}", title)


def _error(run: Fields) -> JSONObject:
    error = run.inner("error")
    message, description = (
        error.text(name, MAX_ERROR_CHARS).strip() for name in ("message", "description")
    )
    node = run.line("lastNodeExecuted")
    if not node and isinstance(error.value.get("node"), dict):
        node = error.inner("node").line("name")
    return {
        "node": node,
        "error": message,
        "error_name": error.line("name"),
        "description": "" if description == message else description,
    }


def _address(run: Fields, workflow_id: str, base_url: str) -> str:
    """n8n's own, unless it does not know under which address people reach it."""
    given = run.address("url")
    if given and not _is_own_host(given):
        return given
    if not base_url or not workflow_id:
        return given
    workflow = f"{base_url}/workflow/{quote(workflow_id, safe='')}"
    execution_id = run.line("id")
    return f"{workflow}/executions/{quote(execution_id, safe='')}" if execution_id else workflow


def _is_own_host(address: str) -> bool:
    try:
        return urlsplit(address).hostname in OWN_HOSTS
    except ValueError:
        return True
