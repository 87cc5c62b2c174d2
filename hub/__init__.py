"""The hub: receives webhooks, matches rules, delivers messages to Mattermost."""

__version__ = "0.1.0"
