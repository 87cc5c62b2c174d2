"""The doctor: tries the real thing, and names the setting to change."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final, Literal, TypeAlias
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _

from hub import registry, secrets
from hub.contracts import DeliveryError
from hub.delivering import save_findings
from hub.destinations import FoundChannel
from hub.http import open_http
from hub.models import Channel, DrainLease, MattermostServer, SlashCommand
from hub.registering import check_command, private_address_warning
from hub.status import oldest_due_age
from hub.views import admin_view, server_view

Verdict: TypeAlias = Literal["good", "warning", "bad", "unknown"]

ASK_S: Final = 3.0
OFF: Final = "false"
OVERRIDES: Final = ("EnablePostUsernameOverride", "EnablePostIconOverride")
CHANNEL_WIDE: Final = ("@channel", "@here", "@all")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that was tried, and what to change where it is not good."""

    subject: str
    verdict: Verdict
    sentence: str


def examine(now: datetime) -> list[Diagnosis]:
    """Everything, in the order in which it is to be mended. It never raises DeliveryError."""
    found = [_queue(now), _own_address()]
    for server in MattermostServer.objects.filter(is_active=True):
        found += _server(server, now)
    return found


def _queue(now: datetime) -> Diagnosis:
    subject = _("Queue")
    if not DrainLease.objects.filter(expires_at__gt=now).exists():
        sentence = _("No worker is alive: start “manage.py worker”, or restart its service.")
        return Diagnosis(subject, "bad", sentence)
    seconds = oldest_due_age(now)
    if seconds > settings.HUB_READY_MAX_AGE_SECONDS:
        sentence = _("Work has been waiting for %(n)d s: is the worker busy, or the database slow?")
        return Diagnosis(subject, "bad", sentence % {"n": seconds})
    return Diagnosis(subject, "good", _("A worker is alive and nothing is overdue."))


def _own_address() -> Diagnosis:
    """HUB_BASE_URL, asked from here; whether Mattermost reaches it shows only when it calls."""
    subject, url = "HUB_BASE_URL", settings.HUB_BASE_URL
    problem = _unreachable(url)
    if problem:
        sentence = _(
            "%(url)s does not answer from here (%(problem)s): buttons and slash commands cannot "
            "work. Set HUB_BASE_URL to the address under which Mattermost reaches the hub."
        )
        return Diagnosis(subject, "bad", sentence % {"url": url, "problem": problem})
    warning = private_address_warning(url)
    if warning:
        return Diagnosis(subject, "warning", warning)
    return Diagnosis(subject, "good", _("%(url)s answers.") % {"url": url})


def _unreachable(url: str) -> str:
    """Why the hub's own /healthz cannot be had there; empty when it can."""
    parts = urlsplit(url)
    client = open_http(f"{parts.scheme}://{parts.netloc}", purpose="doctor", pool_size=1)
    try:
        client.request("GET", f"{url}/healthz", read_timeout=ASK_S)
    except DeliveryError as error:
        return str(error)
    return ""


def _server(server: MattermostServer, now: datetime) -> list[Diagnosis]:
    subject = str(server)
    try:
        found = registry.destination().check_connection(server_view(server))
    except DeliveryError as error:
        return [Diagnosis(subject, "bad", str(error))]
    save_findings({server.pk: found}, {})
    server.bot_user_id = found.user_id
    words = {"bot": found.username, "version": found.server_version}
    good = _("Connected as @%(bot)s, Mattermost %(version)s.") % words
    return [
        Diagnosis(subject, "good", good),
        *_try(subject, partial(_settings, server)),
        *_commands(server, now),
        *_channels(server),
    ]


def _try(subject: str, ask: Callable[[], Iterator[Diagnosis]]) -> list[Diagnosis]:
    try:
        return list(ask())
    except DeliveryError as error:
        return [Diagnosis(subject, "bad", str(error))]


def _settings(server: MattermostServer) -> Iterator[Diagnosis]:
    """Only those that matter to what is in use."""
    known = registry.destination().administration.fetch_settings(admin_view(server))
    by_webhook = server.channels.filter(post_via=Channel.PostVia.INCOMING_WEBHOOK).exists()
    if not by_webhook:
        return
    subject = _("%(server)s: incoming webhooks") % {"server": server}
    if known.get("EnableIncomingWebhooks") == OFF:
        sentence = _(
            "EnableIncomingWebhooks is off in Mattermost, every post is answered 501: switch it on "
            "under System Console → Integrations."
        )
        yield Diagnosis(subject, "bad", sentence)
    off = [name for name in OVERRIDES if known.get(name) == OFF]
    if off:
        sentence = _("Names and icons of senders are not shown while %(names)s is off.")
        yield Diagnosis(subject, "warning", sentence % {"names": ", ".join(off)})


def _commands(server: MattermostServer, now: datetime) -> list[Diagnosis]:
    found = []
    for command in SlashCommand.objects.filter(server=server, is_active=True):
        command.server = server
        found += _try(str(command), partial(_command, command, now))
    return found


def _command(command: SlashCommand, now: datetime) -> Iterator[Diagnosis]:
    problems = check_command(command, now)
    for problem in problems:
        yield Diagnosis(str(command), "bad", problem)
    if not problems:
        sentence = _("It is in Mattermost, with the right address and a known token.")
        yield Diagnosis(str(command), "good", sentence)


def _channels(server: MattermostServer) -> list[Diagnosis]:
    mentioning = _channels_with_mentions()
    found = []
    for channel in server.channels.all():
        channel.server = server
        found += _try(str(channel), partial(_channel, channel, channel.pk in mentioning))
    return found


def _channel(channel: Channel, is_mentioning: bool) -> Iterator[Diagnosis]:
    subject, view = str(channel), server_view(channel.server, [channel])
    if channel.post_via == Channel.PostVia.INCOMING_WEBHOOK:
        yield _webhook(channel)
        return
    there = registry.destination().find_channel(view, channel.kind, channel.name)
    save_findings({}, {channel.pk: there})
    if there.problem:
        yield Diagnosis(subject, "bad", there.problem)
        return
    yield Diagnosis(subject, "good", _("The bot can post there."))
    if is_mentioning:
        yield from _mentions(channel, there)


def _mentions(channel: Channel, there: FoundChannel) -> Iterator[Diagnosis]:
    ask = registry.destination().administration.may_mention_all
    allowed = ask(server_view(channel.server), there.channel_id)
    if allowed is False:
        sentence = _(
            "A rule mentions everybody there, and the bot may not: give it use_channel_mentions "
            "(channel menu → Manage channel → Permissions, or its role in the System Console)."
        )
        yield Diagnosis(str(channel), "bad", sentence)
    elif allowed is None:
        sentence = _(
            "A rule mentions everybody there. Mattermost does not say whether the bot may: it "
            "needs use_channel_mentions, and fewer members than MaxNotificationsPerChannel."
        )
        yield Diagnosis(str(channel), "unknown", sentence)


def _webhook(channel: Channel) -> Diagnosis:
    """Whether it still exists: asked with the administrator's token, and nothing is posted."""
    subject, url = str(channel), secrets.resolve(channel.webhook_url)
    hooks = registry.destination().administration.fetch_hooks(admin_view(channel.server))
    if any(url.rstrip("/").endswith(one.hook_id) for one in hooks):
        return Diagnosis(subject, "good", _("Its incoming webhook exists."))
    sentence = _(
        "Its incoming webhook is not among those that the token may see: it was deleted, or "
        "belongs to somebody else. An unknown one is answered 400, one locked elsewhere 403."
    )
    return Diagnosis(subject, "unknown", sentence)


def _channels_with_mentions() -> set[int]:
    """Where a rule would wake everybody."""
    wanted = Q()
    for word in CHANNEL_WIDE:
        wanted |= Q(rules__mentions__contains=word)
    return set(Channel.objects.filter(wanted, rules__is_active=True).values_list("pk", flat=True))
