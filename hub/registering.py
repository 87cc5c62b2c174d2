"""Slash commands in Mattermost: made there by the hub, kept up to date, and checked."""

import ipaddress
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from hub import registry
from hub.contracts import DeliveryError
from hub.destinations import CustomCommand, ServerView
from hub.http import origin_of
from hub.models import SlashCommand
from hub.views import admin_view

POST: Final = "P"
OFF: Final = "false"


def command_url(command: SlashCommand) -> str:
    """Where Mattermost sends it."""
    return f"{settings.HUB_BASE_URL}/commands/{command.trigger}"


def register_command(command: SlashCommand, now: datetime) -> None:
    """Make it in Mattermost, or bring the one that is there up to date; its token is taken over.

    Raises DeliveryError with what to change in Mattermost.
    """
    administration = registry.destination().administration
    view, wanted = admin_view(command.server), _wanted(command)
    there = find_registered(view, command)
    if there is not None and not _is_ours(command, there):
        raise DeliveryError(_taken(there), permanent=True)
    if there is None:
        made = administration.create_command(view, wanted)
    else:
        changed = replace(wanted, command_id=there.command_id)
        made = administration.update_command(view, changed)
    if command.external_id != made.command_id:
        command.external_id = made.command_id
        command.save(update_fields=["external_id"])
    _keep_finding(command, "", now)
    token = made.token or (there.token if there is not None else "")
    if token:
        command.take_token(token, now)


def check_command(command: SlashCommand, now: datetime) -> list[str]:
    """What keeps it from working, the first one kept with the command. Raises DeliveryError."""
    problems = list(find_problems(command, now))
    _keep_finding(command, (problems or [""])[0], now)
    return problems


def find_problems(command: SlashCommand, now: datetime) -> Iterator[str]:
    """In sentences that name the setting to change. Raises DeliveryError."""
    view = admin_view(command.server)
    known = registry.destination().administration.fetch_settings(view)
    if known.get("EnableCommands") == OFF:
        yield _(
            "EnableCommands is off in Mattermost: switch it on under System Console → "
            "Integrations → Integration Management → Enable Custom Slash Commands."
        )
        return
    if known.get("SiteURL") == "":
        yield _(
            "SiteURL is empty in Mattermost: no command works without it. Set it under System "
            "Console → Environment → Web Server."
        )
    site = known.get("SiteURL") or ""
    if site and origin_of(site) != origin_of(view.base_url):
        yield _(
            "Mattermost calls itself %(site)s (SiteURL) and the hub calls it %(address)s: answers "
            "that take longer than two seconds do not arrive. Make the address of the server the "
            "same."
        ) % {"site": site, "address": view.base_url}
    there = find_registered(view, command)
    if there is None:
        yield _(
            "There is no /%(trigger)s in the team “%(team)s” that the token may see: press “Create "
            "in Mattermost”, or check the team."
        ) % {"trigger": command.trigger, "team": command.server.team}
        return
    yield from _differences(command, there, now)


def find_registered(view: ServerView, command: SlashCommand) -> CustomCommand | None:
    """By its id, else by its word. Raises DeliveryError."""
    there = registry.destination().administration.fetch_commands(view)
    by_id = (one for one in there if one.command_id == command.external_id)
    by_trigger = (one for one in there if one.trigger == command.trigger)
    return next(by_id, None) or next(by_trigger, None)


def is_private_address(url: str) -> bool:
    """Whether Mattermost refuses to call it unless it is listed there. Names are not looked up."""
    host = urlsplit(url).hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or "." not in host
    return address.is_private or address.is_loopback or address.is_link_local


def private_address_warning(url: str) -> str:
    """Empty for a public address."""
    if not is_private_address(url):
        return ""
    return _(
        "%(url)s is a private address: Mattermost calls it only when its host stands under System "
        "Console → Environment → Developer → Allow untrusted internal connections "
        "(AllowedUntrustedInternalConnections)."
    ) % {"url": url}


def _keep_finding(command: SlashCommand, problem: str, now: datetime) -> None:
    """No change of configuration: neither in its history nor for caches."""
    command.problem, command.checked_at = problem[:500], now
    rows = SlashCommand.objects.filter(pk=command.pk)
    rows.update(problem=command.problem, checked_at=now)


def _is_ours(command: SlashCommand, there: CustomCommand) -> bool:
    """Noted when it was made, or sent to a hub: somebody else's is left alone."""
    is_to_a_hub = urlsplit(there.url).path == urlsplit(command_url(command)).path
    return there.command_id == command.external_id or is_to_a_hub


def _taken(there: CustomCommand) -> str:
    words = {"trigger": there.trigger, "url": there.url}
    return (
        _(
            "/%(trigger)s is somebody else's command in this team (it is sent to %(url)s): delete "
            "it in Mattermost, or choose another word."
        )
        % words
    )


def _differences(command: SlashCommand, there: CustomCommand, now: datetime) -> Iterator[str]:
    if there.trigger != command.trigger:
        yield _("It is called /%(trigger)s in Mattermost: press “Update in Mattermost”.") % {
            "trigger": there.trigger
        }
    if there.url != command_url(command):
        yield _(
            "Mattermost sends it to %(there)s and not to %(here)s (HUB_BASE_URL): press “Update in "
            "Mattermost”."
        ) % {"there": there.url, "here": command_url(command)}
    if there.method != POST:
        yield _("Mattermost sends it with GET, which shows its token in addresses: choose POST.")
    if there.token and not command.accepts(there.token, now):
        yield _(
            "The hub does not know its token, every call is refused: press “Update in "
            "Mattermost”, which takes it over."
        )
    elif not command.token_sha256:
        yield _("The hub has no token for it, every call is refused: paste it below.")


def _wanted(command: SlashCommand) -> CustomCommand:
    with override(command.language):
        description, hint = _explanations(command.purpose)
    return CustomCommand(
        trigger=command.trigger,
        url=command_url(command),
        name=f"hub {command.trigger}",
        description=description,
        hint=hint,
        method=POST,
    )


def _explanations(purpose: str) -> tuple[str, str]:
    """What Mattermost shows while somebody types: in the language that is on."""
    match purpose:
        case SlashCommand.Purpose.REPLY:
            return _("Write to a ticket"), _(
                "[#23 | ZD#74001] text [--public] [--close] [--status …] [--assign @name]"
            )
        case SlashCommand.Purpose.TICKET:
            return _("Show a ticket"), _("[#23 | ZD#74001]")
    return _("Ask the hub, or tell it something"), _("[status | why | silence | link | help]")


def set_command_token(command: SlashCommand, token: str, now: datetime) -> None:
    """One that somebody pasted. Raises DeliveryError for what cannot be one."""
    text = token.strip()
    if not text or any(one.isspace() for one in text):
        raise DeliveryError(_("That is no token: copy it from Mattermost once more"))
    command.take_token(text, now)
