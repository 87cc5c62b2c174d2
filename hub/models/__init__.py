"""Every table of the hub, one file a noun."""

from hub.models.channels import Channel, MattermostServer
from hub.models.configuration import ConfigVersion, DrainLease
from hub.models.deliveries import Attempt, Delivery
from hub.models.events import Event, Reference, Refusal
from hub.models.monitors import Monitor, Outage
from hub.models.rules import Condition, RuleText, TriggerRule
from hub.models.silences import Maintenance, Silence
from hub.models.sources import Source, SourceState, WebhookToken
from hub.models.threads import Thread

__all__ = [
    "Attempt",
    "Channel",
    "Condition",
    "ConfigVersion",
    "Delivery",
    "DrainLease",
    "Event",
    "Maintenance",
    "MattermostServer",
    "Monitor",
    "Outage",
    "Reference",
    "Refusal",
    "RuleText",
    "Silence",
    "Source",
    "SourceState",
    "Thread",
    "TriggerRule",
    "WebhookToken",
]
