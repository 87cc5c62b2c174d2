"""Every table of the hub, one file a noun."""

from hub.models.actions import ActionInvocation, ActionTarget, PressAudience
from hub.models.channels import Channel, MattermostServer
from hub.models.commands import CommandInvocation, ReferencePattern, SlashCommand
from hub.models.configuration import ConfigVersion, DrainLease
from hub.models.deliveries import Attempt, Delivery
from hub.models.events import Event, Reference, Refusal
from hub.models.monitors import Monitor, Outage
from hub.models.people import Account, Person
from hub.models.rules import Condition, RuleText, TriggerRule
from hub.models.sources import Source, SourceState, WebhookToken
from hub.models.threads import Thread

__all__ = [
    "Account",
    "ActionInvocation",
    "ActionTarget",
    "Attempt",
    "Channel",
    "CommandInvocation",
    "Condition",
    "ConfigVersion",
    "Delivery",
    "DrainLease",
    "Event",
    "MattermostServer",
    "Monitor",
    "Outage",
    "Person",
    "PressAudience",
    "Reference",
    "ReferencePattern",
    "Refusal",
    "RuleText",
    "SlashCommand",
    "Source",
    "SourceState",
    "Thread",
    "TriggerRule",
    "WebhookToken",
]
