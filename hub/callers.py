"""Who typed or pressed, and what he may: asked of Mattermost, for its word cannot be forged."""

from dataclasses import dataclass

from hub.command_text import CommandError
from hub.contracts import DeliveryError
from hub.destinations import ChatUser, ServerView
from hub.models import CommandInvocation, MattermostServer, Person, SlashCommand
from hub.people import find_person
from hub.registry import destination
from hub.sentences import sentence as _
from hub.views import server_view

Audience = SlashCommand.Audience


@dataclass(frozen=True, slots=True)
class Caller:
    """`is_guest` also where Mattermost could not be asked: the less is allowed."""

    user_id: str
    username: str
    name: str
    is_guest: bool = False
    is_system_admin: bool = False
    person: Person | None = None
    unknown_because: DeliveryError | None = None  # Mattermost could not be asked


def identify_caller(server: MattermostServer, user_id: str, username: str) -> Caller:
    try:
        user = _fetch(server_view(server), user_id)
    except DeliveryError as error:
        return Caller(user_id, username, username, is_guest=True, unknown_because=error)
    if user is None:
        return Caller(user_id, username, username, is_guest=True)
    return Caller(
        user_id,
        user.username or username,
        user.name or username,
        user.is_guest,
        user.is_system_admin,
        find_person(server, user),
    )


def _fetch(server: ServerView, user_id: str) -> ChatUser | None:
    return destination().conversations.fetch_user(server, user_id) if server.token else None


def refuse_unknown(caller: Caller) -> None:
    """Raises DeliveryError: he may be more than a guest, which is found out in a minute."""
    if caller.unknown_because is not None:
        raise caller.unknown_because


def check_caller(invocation: CommandInvocation, caller: Caller) -> None:
    """Raises CommandError with why this person may not use it here, DeliveryError where
    Mattermost cannot say who he is."""
    command = invocation.command
    if caller.person is not None and not caller.person.is_active:
        raise CommandError(_("An administrator has switched you off in the hub."))
    if command is None:
        return
    refuse_unknown(caller)
    ids = set(command.channels.values_list("channel_id", flat=True))
    if ids and invocation.channel_id not in ids:
        names = ", ".join(str(channel) for channel in command.channels.all())
        raise CommandError(_("This command works in {channels} only.", channels=names))
    if command.audience == Audience.MEMBERS and caller.is_guest:
        raise CommandError(_("Guests may not use this command."))
    if command.audience == Audience.SYSTEM_ADMINS and not caller.is_system_admin:
        raise CommandError(_("Only system administrators may use this command."))
    if command.audience == Audience.CHANNEL_ADMINS and not _is_admin(invocation, caller):
        raise CommandError(_("Only administrators of the channel may use this command."))
    if caller.is_guest and not _is_member(invocation, caller):
        raise CommandError(_("Guests may use this command only where they are members."))


def _is_admin(invocation: CommandInvocation, caller: Caller) -> bool:
    ask = destination().conversations.is_channel_admin
    server = server_view(invocation.server)
    return caller.is_system_admin or ask(server, invocation.channel_id, caller.user_id)


def _is_member(invocation: CommandInvocation, caller: Caller) -> bool:
    """Without a bot nobody can be asked; Mattermost itself lets nobody type elsewhere."""
    server = server_view(invocation.server)
    if not server.token:
        return True
    return destination().conversations.is_member(server, invocation.channel_id, caller.user_id)
