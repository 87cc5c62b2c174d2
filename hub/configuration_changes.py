"""Notices every change of configuration, so that compiled rules, routes and tokens follow it."""

from typing import Any

from django.db.models.signals import m2m_changed, post_delete, post_save

from hub.models import (
    Channel,
    Condition,
    ConfigVersion,
    Maintenance,
    MattermostServer,
    Monitor,
    ReferencePattern,
    RuleText,
    Silence,
    SlashCommand,
    Source,
    TriggerRule,
    WebhookToken,
)
from hub.tokens import forget_cards

CONFIGURED = (
    Channel,
    Condition,
    Maintenance,
    MattermostServer,
    ReferencePattern,
    RuleText,
    SlashCommand,
    Monitor,
    RuleText,
    Silence,
    Source,
    TriggerRule,
    WebhookToken,
)


def connect() -> None:
    for model in CONFIGURED:
        post_save.connect(_changed, sender=model)
        post_delete.connect(_changed, sender=model)
    m2m_changed.connect(_changed, sender=TriggerRule.channels.through)
    m2m_changed.connect(_changed, sender=Maintenance.sources.through)
    m2m_changed.connect(_changed, sender=Monitor.hides.through)
    m2m_changed.connect(_changed, sender=WebhookToken.allowed_channels.through)


def _changed(**_kwargs: Any) -> None:
    """Dropped here at once, elsewhere with the next batch or the end of a cache's time."""
    ConfigVersion.bump()
    forget_cards()
