"""Every table of the hub, one file a noun."""

from hub.models.actions import ActionInvocation, ActionTarget, PressAudience
from hub.models.channels import Channel, MattermostServer
from hub.models.commands import CommandInvocation, ReferencePattern, SlashCommand
from hub.models.configuration import ConfigVersion, DrainLease
from hub.models.credentials import Credential, ReplacedSecret
from hub.models.deliveries import Attempt, Delivery
from hub.models.events import Event, Reference, Refusal
from hub.models.monitors import Monitor, Outage
from hub.models.outgoing import OutgoingWebhook
from hub.models.people import Account, Person
from hub.models.rules import Condition, RuleText, TriggerRule
from hub.models.silences import Maintenance, Silence
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
    "Credential",
    "Delivery",
    "DrainLease",
    "Event",
    "Maintenance",
    "MattermostServer",
    "Monitor",
    "Outage",
    "OutgoingWebhook",
    "Person",
    "PressAudience",
    "Reference",
    "ReferencePattern",
    "Refusal",
    "ReplacedSecret",
    "RuleText",
    "Silence",
    "SlashCommand",
    "Source",
    "SourceState",
    "Thread",
    "TriggerRule",
    "WebhookToken",
]
