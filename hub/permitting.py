"""Who may press a button: asked of Mattermost where the rule does not let everybody."""

import logging

from django.utils.translation import gettext as _

from hub import registry
from hub.contracts import DeliveryError
from hub.destinations import ChatUser, Conversations, ServerView
from hub.models import ActionTarget, PressAudience
from hub.pressing import Press

logger = logging.getLogger(__name__)


def find_objection(
    target: ActionTarget, press: Press, server: ServerView, *, is_private: bool
) -> str:
    """Why this person may not; empty when he may. What cannot be found out is an objection."""
    conversations = registry.destination().conversations
    try:
        return _objection(target, press, server, conversations, is_private)
    except DeliveryError as error:
        logger.warning("Who pressed could not be looked up: %s", error)
        return _("Mattermost does not tell the hub who you are, so nothing was done. Try again in "
                 "a minute.")  # fmt: skip


def _objection(
    target: ActionTarget,
    press: Press,
    server: ServerView,
    conversations: Conversations,
    is_private: bool,
) -> str:
    if target.is_members_only and not conversations.is_member(
        server, press.channel_id, press.user_id
    ):
        return _("Only members of this channel may press this button.")
    if target.audience == PressAudience.EVERYBODY and not is_private:
        return ""
    user = conversations.fetch_user(server, press.user_id)
    if user is None or not user.is_active or user.is_bot:
        return _("Only people whom the hub can see in Mattermost may press this button.")
    if user.is_guest and (is_private or target.audience == PressAudience.MEMBERS):
        return _("Guests may not press this button.")
    if target.audience == PressAudience.LISTED and user.username not in _listed(target):
        return _("Only %(people)s may press this button.") % {"people": _shown(target)}
    if target.audience == PressAudience.CHANNEL_ADMINS and not _is_admin(
        user, press, server, conversations
    ):
        return _("Only administrators of this channel may press this button.")
    return ""


def _is_admin(
    user: ChatUser, press: Press, server: ServerView, conversations: Conversations
) -> bool:
    return user.is_system_admin or conversations.is_channel_admin(
        server, press.channel_id, press.user_id
    )


def _listed(target: ActionTarget) -> list[str]:
    words = target.usernames.replace(",", " ").split()
    return [word.removeprefix("@").lower() for word in words]


def _shown(target: ActionTarget) -> str:
    return ", ".join(f"@{name}" for name in _listed(target))
