"""The page of one event: what arrived, how it was understood, why which rule held."""

import base64
import shlex
from datetime import datetime
from typing import Any, Final

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from hub.admin.cells import EVENT_TONES, delivery_tag, event_tag
from hub.admin.pretty import json_html, plain
from hub.admin.sentences import describe_event
from hub.admin.traces import ShownRule, read_trace, show
from hub.contracts import InboundRequest, PayloadError
from hub.explaining import explain, find_failing, find_obstacle, recall, request_of
from hub.models import Event, TriggerRule
from hub.secrets import mask_secrets

MAX_DELIVERIES: Final = 50
MAX_RULES: Final = 200  # that are looked at for “not asked”
HOOK_URL: Final = '"$HOOK_URL"'  # the token is known to nobody but its sender


def event_context(event: Event, now: datetime, asked_rule: int | None) -> dict[str, Any]:
    """All the page shows. `asked_rule`: one to put to the event again today."""
    rules = list(TriggerRule.objects.select_related("source").order_by("order", "pk")[:MAX_RULES])
    traced = [shown for entry in event.trace if (shown := read_trace(entry)) is not None]
    return {
        "title": str(event.reference or event.title or event.kind or event.get_state_display()),
        "now": now,
        "event": event,
        "state_tag": event_tag(event),
        "tone": EVENT_TONES.get(event.state, "quiet"),
        "sentence": describe_event(event),
        "traced": traced,
        "not_asked": _not_asked(event, rules, {one.rule_id for one in traced}),
        "rules": rules,
        "asked_rule": asked_rule,
        "answer": _ask(event, rules, asked_rule),
        "deliveries": _deliveries(event),
        "body": pretty_body(event),
        "data": json_html(event.data) if event.data else "",
        "size": len(event.body),
        "curl": as_curl(request_of(event)) if event.body else "",
    }


def as_curl(request: InboundRequest) -> str:
    """A command that sends the same request again, to the address in $HOOK_URL; what looks like a
    secret is masked in it: such commands are pasted into chats."""
    query = "&".join(f"{name}={value}" for name, value in request.query.items())
    url = f'"$HOOK_URL?"{shlex.quote(query)}' if query else HOOK_URL
    headers = [
        f"  -H {shlex.quote(f'{name}: {mask_secrets(value)}')} \\"
        for name, value in request.headers.items()
    ]
    command = ["curl -X POST " + url + " \\", *headers]
    try:
        body = request.body.decode()
    except UnicodeDecodeError:
        encoded = base64.b64encode(request.body).decode()
        return f"echo {encoded} | base64 -d | " + "\n".join([*command, "  --data-binary @-"])
    return "\n".join([*command, f"  --data-binary {shlex.quote(mask_secrets(body))}"])


def _not_asked(event: Event, rules: list[TriggerRule], asked: set[int]) -> list[ShownRule]:
    """The other rules, and why each was not asked as things stand today."""
    recalled = recall(event)
    if recalled is None or event.state == Event.State.RECEIVED:
        return []
    shown = []
    for rule in rules:
        if rule.pk not in asked:
            obstacle = find_obstacle(recalled.parsed, rule) or find_failing(recalled, rule)
            obstacle = obstacle or _("it was made or switched on after this event was matched")
            shown.append(ShownRule(rule.pk, rule.name, holds=False, obstacle=obstacle))
    return shown


def _ask(event: Event, rules: list[TriggerRule], rule_id: int | None) -> ShownRule | None:
    rule = next((one for one in rules if one.pk == rule_id), None)
    return show(rule, explain(event, rule)) if rule is not None else None


def _deliveries(event: Event) -> list[dict[str, Any]]:
    rows = event.deliveries.select_related("channel", "rule").order_by("generation", "pk")
    rows = rows.defer("message", "trace", "channel__webhook_url")[:MAX_DELIVERIES]
    return [{"row": row, "tag": delivery_tag(row)} for row in rows]


def pretty_body(event: Event) -> SafeString | str:
    """Coloured JSON, else the text as it came."""
    if not event.body:
        return ""
    try:
        return json_html(request_of(event).json())
    except PayloadError:
        return plain(bytes(event.body).decode(errors="replace"))
