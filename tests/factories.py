"""Rows for tests: every argument that matters to a test is visible in it."""

from datetime import UTC, datetime
from typing import Any

from hub.contracts import InboundRequest
from hub.models import (
    Channel,
    CommandInvocation,
    Condition,
    Delivery,
    Event,
    MattermostServer,
    RuleText,
    SlashCommand,
    Source,
    TriggerRule,
    WebhookToken,
)
from hub.tokens import issue_token

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def make_server(name: str = "Mattermost", **fields: Any) -> MattermostServer:
    fields = {"base_url": "http://127.0.0.1:9", "team": "demo", "bot_token": "secret"} | fields
    return MattermostServer.objects.create(name=name, **fields)


def make_channel(
    name: str = "support", server: MattermostServer | None = None, **fields: Any
) -> Channel:
    server = server or MattermostServer.objects.first() or make_server()
    return Channel.objects.create(name=name, server=server, **fields)


def make_source(integration: str = "zammad", name: str = "Zammad", **fields: Any) -> Source:
    return Source.objects.create(integration=integration, name=name, **fields)


def make_token(source: Source | None = None, **fields: Any) -> tuple[WebhookToken, str]:
    """The row and its text."""
    source = source or Source.objects.first() or make_source()
    allowed = fields.pop("allowed_channels", [])
    row, text = issue_token(source, **fields)
    row.allowed_channels.set(allowed)
    return row, text


def make_rule(
    *channels: Channel,
    name: str = "rule",
    kinds: tuple[str, ...] = (),
    conditions: tuple[tuple[str, str, str], ...] = (),
    line: str = "",
    **fields: Any,
) -> TriggerRule:
    """`conditions` are (path, operator, value); `line` is the English wording."""
    fields.setdefault("integration", "zammad")
    rule = TriggerRule.objects.create(name=name, kinds=list(kinds), **fields)
    rule.channels.set(channels)
    for path, operator, value in conditions:
        Condition.objects.create(rule=rule, path=path, operator=operator, value=value)
    if line:
        RuleText.objects.create(rule=rule, language="en", line=line)
    return rule


def make_request(body: bytes = b"{}", **fields: Any) -> InboundRequest:
    fields = {"method": "POST", "received_at": NOON} | fields
    return InboundRequest(body=body, **fields)


def make_event(source: Source | None = None, **fields: Any) -> Event:
    source = source or Source.objects.first() or make_source()
    fields = {"dedup_key": f"key {Event.objects.count()}", "received_at": NOON} | fields
    return Event.objects.create(source=source, **fields)


def make_delivery(channel: Channel, **fields: Any) -> Delivery:
    fields = {
        "lane": f"lane {Delivery.objects.count()}",
        "message": {"text": "hello"},
        "due_at": NOON,
        "created_at": NOON,
    } | fields
    return Delivery.objects.create(channel=channel, server=channel.server, **fields)


def make_invocation(**fields: Any) -> CommandInvocation:
    fields = {"dedup_key": f"key {CommandInvocation.objects.count()}", "received_at": NOON} | fields
    server = MattermostServer.objects.first() or make_server()
    return CommandInvocation.objects.create(server=server, **fields)


def zammad_body(number: int = 74001, **ticket: Any) -> dict[str, Any]:
    """Zammad's default payload of a new P1 ticket, cut to what matters."""
    fields = {
        "id": number - 69290,
        "number": str(number),
        "title": "Webshop down",
        "state": "new",
        "priority": {"id": 3, "name": "3 high"},
        "customer": {"firstname": "Jet", "lastname": "Vos", "email": "jet@klant.example.test"},
        "organization": {"name": "Klant BV"},
        "group": {"name": "Support"},
        "owner": {"login": "-"},
        "owner_id": 1,
        "article_count": 1,
        "created_at": "2026-11-24T08:02:11.120Z",
        "updated_at": "2026-11-24T08:02:11.201Z",
    }
    return {"ticket": fields | ticket, "article": {}}


def make_command(server: MattermostServer, trigger: str = "reply", **fields: Any) -> SlashCommand:
    return SlashCommand.objects.create(server=server, trigger=trigger, **fields)
