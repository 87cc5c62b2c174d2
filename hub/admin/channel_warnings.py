"""What an admin should know of a channel before it goes wrong."""

from typing import Final

from django.utils.translation import gettext as _

from hub.models import Channel
from hub.models.channels import NAMED_PREFIXES
from hub.starting import STARTER_CHANNELS

STARTER_NAMES: Final = frozenset(name for name, _purpose in STARTER_CHANNELS)


def warnings_of(channel: Channel) -> list[str]:
    """In sentences."""
    found = []
    if not _follows_conventions(channel):
        found.append(
            _("Its name is outside the conventions: %(prefixes)s, or one of the starter set.")
            % {"prefixes": ", ".join(f"{prefix}…" for prefix in NAMED_PREFIXES)}
        )
    if channel.post_via == Channel.PostVia.INCOMING_WEBHOOK:
        found.append(_("Posted by an incoming webhook: no threads, and a message may come twice."))
    elif not channel.server.bot_token:
        found.append(_("Its server has no bot token yet: nothing can be posted."))
    if channel.is_cleared_for_private and channel.kind == Channel.Kind.PUBLIC:
        found.append(_("Everyone can read it, and private tickets are posted there too."))
    return found


def limits_of(channel: Channel) -> list[str]:
    """What an incoming webhook cannot do, and a bot can."""
    if channel.post_via != Channel.PostVia.INCOMING_WEBHOOK:
        return []
    return [
        _("Threads: later news on a ticket is a message of its own."),
        _("Cards that follow the ticket: a post is never edited."),
        _("Reactions."),
        _("Exactly once: when an answer gets lost, the message may be posted a second time."),
        _("A check: whether the webhook still exists shows only when something is posted."),
    ]


def _follows_conventions(channel: Channel) -> bool:
    if channel.kind in (Channel.Kind.DIRECT, Channel.Kind.GROUP):
        return True
    return channel.name.startswith(NAMED_PREFIXES) or channel.name in STARTER_NAMES
