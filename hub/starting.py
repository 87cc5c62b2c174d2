"""First steps: the starter set of channels, sources and rules, and the demo that shows them."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from hub import registry
from hub.contracts import Integration
from hub.models import (
    Channel,
    Condition,
    MattermostServer,
    ReferencePattern,
    RuleText,
    SlashCommand,
    Source,
    TriggerRule,
)
from hub.wording import load_document

STARTER_SERVER = "Mattermost"
STARTER_CHANNELS = (  # name, kind, purpose
    ("general", "General communication"),
    ("support", "Support team: news from Zammad"),
    ("development", "Development: news from Redmine and Git"),
    ("business", "Business: news from ERPNext"),
    ("finance", "Finance: invoices from ERPNext"),
    ("alerts", "Outages and failed workflows"),
)
STARTER_REMINDERS = "alerts"  # where it is said that a secret is to be rotated
STARTER_COMMANDS = (  # trigger, purpose
    ("reply", SlashCommand.Purpose.REPLY),
    ("ticket", SlashCommand.Purpose.TICKET),
    ("hub", SlashCommand.Purpose.HUB),
)
STARTER_GROUPS = {  # each sees everything of the hub, and may do this besides
    "Operators": (
        *("redeliver", "replay", "add_silence", "change_silence"),
        *("add_maintenance", "change_maintenance", "delete_maintenance"),
    ),
    "Rule editors": tuple(
        f"{what}_{model}"
        for what in ("add", "change", "delete")
        for model in ("triggerrule", "condition", "ruletext")
    ),
    "Token issuers": ("add_webhooktoken", "change_webhooktoken"),
}
CLOCK_FIELDS = frozenset({"quiet_from", "quiet_until"})
RULE_FIELDS = CLOCK_FIELDS | {  # of a TriggerRule, that a rules.yaml may set
    *("key", "name", "is_active", "order", "kinds", "grouping", "to_named_channel"),
    *("mentions", "priority", "threading", "reaction", "has_card"),
    *("repeat_minutes", "group_seconds", "quiet_days", "quiet_afterwards", "does_urgent_pass"),
    *("press_audience", "press_usernames", "is_press_members_only"),
    *("presses_needed", "press_hours"),
}
RULE_ROWS = frozenset({"channels", "conditions", "texts"})  # of it, beside its own fields


def load_starter_set() -> list[str]:
    """Make what is missing of the starter rows; what an admin edited or deleted stays so.

    Returns the names of what was made. Starter rules are known by their key, in the history too:
    one that was deleted does not come back.
    """
    made: list[str] = []
    with transaction.atomic():
        channels = _load_channels(made)
        made += _load_commands()
        for integration in registry.all_integrations():
            _load_source(integration, made)
            made += _load_rules(integration, channels)
            made += _load_patterns(integration)
        made += _load_groups()
    return made


def _load_channels(made: list[str]) -> Mapping[str, Channel]:
    server, is_new = MattermostServer.objects.get_or_create(
        name=STARTER_SERVER, defaults={"base_url": "http://127.0.0.1:8065", "team": "demo"}
    )
    if is_new:
        made.append(str(server))
        for name, purpose in STARTER_CHANNELS:
            channel = Channel.objects.create(
                server=server,
                name=name,
                display_name=name.capitalize(),
                purpose=purpose,
                language=settings.LANGUAGE_CODE[:2],
                zone=settings.TIME_ZONE,
            )
            made.append(str(channel))
        server.reminders_channel = Channel.objects.get(server=server, name=STARTER_REMINDERS)
        server.save(update_fields=["reminders_channel"])
    return {channel.name: channel for channel in Channel.objects.filter(server=server)}


def _load_source(integration: Integration, made: list[str]) -> None:
    if not Source.objects.filter(integration=integration.name).exists():
        source = Source.objects.create(integration=integration.name, name=integration.label)
        made.append(str(source))


def _load_rules(integration: Integration, channels: Mapping[str, Channel]) -> list[str]:
    known = set(TriggerRule.history.exclude(key=None).values_list("key", flat=True))
    rules = [
        one for one in load_document(integration).get("rules") or [] if one["key"] not in known
    ]
    return [str(make_rule(one, integration, channels)) for one in rules]


def _load_commands() -> list[str]:
    """Of the starter server; one that was deleted or renamed does not come back."""
    server = MattermostServer.objects.filter(name=STARTER_SERVER).first()
    known = set(SlashCommand.history.values_list("trigger", flat=True))
    wanted = [one for one in STARTER_COMMANDS if one[0] not in known]
    if server is None:
        return []
    language = settings.LANGUAGE_CODE[:2]
    rows = [
        SlashCommand.objects.create(
            server=server, trigger=trigger, purpose=purpose, language=language
        )
        for trigger, purpose in wanted
    ]
    return [str(row) for row in rows]


def _load_patterns(integration: Integration) -> list[str]:
    """How people write the tickets of the first source of its sort; others need a prefix."""
    pattern = integration.reference_pattern
    known = ReferencePattern.history.filter(source__integration=integration.name)
    source = Source.objects.filter(integration=integration.name).order_by("pk").first()
    if not pattern or source is None or known.exists():
        return []
    # ZD#74001 looks like any#74001, too: what begins with letters of its own is tried first.
    order = 100 if pattern[0].isalnum() else 200
    return [str(ReferencePattern.objects.create(source=source, pattern=pattern, order=order))]


def _load_groups() -> list[str]:
    """Roles to give to users; what an admin changed of one stays so."""
    made = []
    for name, wanted in STARTER_GROUPS.items():
        group, is_new = Group.objects.get_or_create(name=name)
        if is_new:
            hub = Permission.objects.filter(content_type__app_label="hub")
            group.permissions.set(
                hub.filter(Q(codename__startswith="view_") | Q(codename__in=wanted))
            )
            made.append(name)
    return made


def make_rule(
    document: Mapping[str, Any], integration: Integration, channels: Mapping[str, Channel]
) -> TriggerRule:
    """One rule of a rules.yaml. Raises ValidationError when it is not well made."""
    unknown = document.keys() - RULE_FIELDS - RULE_ROWS
    if unknown:
        raise ValidationError(f"A rule has no {', '.join(sorted(map(str, unknown)))}.")
    given = {name: document[name] for name in RULE_FIELDS if document.get(name) is not None}
    given |= {name: _clock_time(given[name]) for name in CLOCK_FIELDS & given.keys()}
    rule = TriggerRule(integration=integration.name, **given)
    rule.full_clean()
    rule.save()
    named = [channels[name] for name in document.get("channels") or [] if name in channels]
    rule.channels.set(named)
    for condition in document.get("conditions") or []:
        _save_clean(Condition(rule=rule, **{key: str(value) for key, value in condition.items()}))
    for language, text in (document.get("texts") or {}).items():
        _save_clean(RuleText(rule=rule, language=language, **text))
    return rule


def _clock_time(value: object) -> str:
    """YAML 1.1 takes 22:00 without quotes for a number: 22 sixties and no ones."""
    return f"{value // 60:02}:{value % 60:02}" if type(value) is int else str(value)


def _save_clean(row: Condition | RuleText) -> None:
    row.full_clean()
    row.save()
