"""A stand-in for Redmine: its issues, the calls of its API that the hub makes, its webhooks."""

from tests.standins.redmine.api import RedmineStandin
from tests.standins.redmine.samples import traffic
from tests.standins.redmine.sending import NativeWebhook, PluginWebhook
from tests.standins.redmine.site import Change, Issue, Journal, Site, User

__all__ = [
    "Change",
    "Issue",
    "Journal",
    "NativeWebhook",
    "PluginWebhook",
    "RedmineStandin",
    "Site",
    "User",
    "traffic",
]
