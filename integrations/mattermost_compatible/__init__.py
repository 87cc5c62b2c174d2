"""Mattermost's incoming webhook, offered by the hub: any tool that can post there can post here."""

from pathlib import Path

from hub.contracts import Integration
from integrations.mattermost_compatible.answers import answer
from integrations.mattermost_compatible.events import KINDS, compose, identify, parse

INTEGRATION = Integration(
    name="mattermost_compatible",
    label="Mattermost-compatible webhook",
    folder=Path(__file__).parent,
    kinds=KINDS,
    identify=identify,
    parse=parse,
    compose=compose,
    answer=answer,
    credential_names=("webhook_header_name", "webhook_header_value", "webhook_jwt_secret"),
)
