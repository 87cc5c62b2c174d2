"""Sample requests of a few workflows, which thread together: for the demo and for tests."""

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

from tests.standins.n8n.sending import HttpRequestNode
from tests.standins.outgoing import OutgoingRequest

URL = "https://n8n.example.test"
INVOICES = (
    ("Klant BV", "€ 1.250,00"),
    ("Acme Corp", "€ 9.100,00"),
    ("Globex Logistics", "€ 480,50"),
)
ERRORS = (
    ("HTTP Request", "NodeApiError", "The service refused the connection - perhaps it is offline"),
    ("Code", "WrappedExecutionError", "Cannot read properties of undefined (reading 'total')"),
    ("Postgres", "NodeOperationError", "Connection terminated due to connection timeout"),
)


def traffic(secret: str, first_number: int = 118, address: str = URL) -> Iterator[OutgoingRequest]:
    """Without end; each round is about other executions, invoices and versions.

    `address` is where the workflows wait for the press of a button.
    """
    node = HttpRequestNode(secret=secret)
    for number in count(first_number):
        yield node.build(approval(number, address), key=f"{2 * number}-approval-0")
        yield node.build(deployment(number))
        yield node.build(failure(3 * number, number))
        yield node.build(failure(3 * number + 1, number, retry_of=3 * number))
        yield node.build(reminder(number), key=f"{2 * number}-reminder-0")
        yield node.build(backup(number))
        yield node.build(start_failure())


def approval(number: int, address: str = URL) -> dict[str, Any]:
    customer, amount = INVOICES[number % len(INVOICES)]
    invoice = f"INV-2026-{number}"
    resume_url = f"{address}/webhook-waiting/{2 * number}?signature=4f2c81"
    return {
        "event": "approval.requested",
        "id": f"{2 * number}-0",
        "title": f"Factuur {invoice}",
        "text": f"Goedkeuren? {customer}, {amount}",
        "channel": "finance",
        "mentions": ["@anja"],
        "thread_key": invoice,
        "severity": "info",
        "actions": [
            {"id": "approve", "name": "Approve", "style": "good"},
            {"id": "reject", "name": "Reject", "style": "danger"},
        ],
        "context": {"invoice": invoice, "resume_url": resume_url},
    }


def reminder(number: int) -> dict[str, Any]:
    """Stands in the thread of the request."""
    invoice = f"INV-2026-{number}"
    return {
        "event": "invoice.waiting",
        "id": f"{2 * number}-1",
        "title": f"Factuur {invoice} wacht op een beslissing",
        "text": "De betaaltermijn loopt vrijdag af.",
        "channel": "finance",
        "thread_key": invoice,
        "severity": "warning",
    }


def deployment(number: int) -> dict[str, Any]:
    """As a Code node writes it for Mattermost: the card is an object in JSON text."""
    version = f"4.{number}.0"
    card = {"header": "Deployment Details", "body": f"Deployed by: anja\nBuild: {number * 7}"}
    return {
        "channel": "development",
        "username": "Deploy Bot",
        "icon_emoji": ":robot:",
        "text": f"**New Deployment**\n\nService: klantportaal\nVersion: {version}\nStatus: Success",
        "props": {"card": json.dumps(card)},
    }


def backup(number: int) -> dict[str, Any]:
    return {
        "event": "backup.finished",
        "id": f"{5 * number}-0",
        "title": "Back-up klaar",
        "text": f"{30 + number % 20} GB in {8 + number % 9} min",
        "channel": "alerts",
        "severity": "success",
        "context": {"host": "b2"},
    }


def failure(execution: int, number: int, *, retry_of: int | None = None) -> dict[str, Any]:
    """The whole of what an Error Trigger gives, stack and context included."""
    node, name, message = ERRORS[number % len(ERRORS)]
    run: dict[str, Any] = {
        "id": str(execution),
        "url": f"{URL}/workflow/PbrmEWrrmzqrS6XN/executions/{execution}",
        "error": {
            "name": name,
            "message": message,
            "stack": f"{name}: {message}\n    at runInContext (/usr/lib/n8n/vm.js:12:3)",
            "level": "warning",
            "description": None,
            "tags": {},
        },
        "lastNodeExecuted": node,
        "mode": "trigger" if retry_of is None else "retry",
        "executionContext": {"version": 1, "source": "trigger"},
    }
    if retry_of is not None:
        run["retryOf"] = str(retry_of)
    workflow = {"id": "PbrmEWrrmzqrS6XN", "name": "Facturen goedkeuren"}
    return {"execution": run, "workflow": workflow}


def start_failure() -> dict[str, Any]:
    """Has no execution, and so no number."""
    error = {
        "name": "WorkflowActivationError",
        "message": "IMAP login failed",
        "node": {"name": "Email Trigger (IMAP)"},
    }
    workflow = {"id": "w7", "name": "Mailbox lezen"}
    return {"trigger": {"error": error, "mode": "trigger"}, "workflow": workflow}
