"""One invocation, from its claim to its answer: who, what, how it ended."""

import logging
from collections.abc import Callable, Mapping

from django.utils import timezone
from django.utils.translation import override

from hub import inquiries
from hub.answers import make_answer, with_typed
from hub.callers import Caller, check_caller, identify_caller
from hub.command_text import CommandError
from hub.contracts import DeliveryError
from hub.invocations import RESPONSE_LIFE, Ending, LostClaim, State, change, end
from hub.markdown import escape
from hub.models import Channel, CommandInvocation, SlashCommand
from hub.replying import fail_or_retry, reply
from hub.sentences import sentence as _
from hub.thread_notes import mark_reply

logger = logging.getLogger(__name__)

Purpose = SlashCommand.Purpose
PURPOSES: Mapping[str, Callable[[CommandInvocation, Caller], Ending | None]] = {
    Purpose.REPLY: reply,
    Purpose.TICKET: inquiries.show_ticket,
    Purpose.HUB: inquiries.answer_hub,
}


def run_invocation(invocation: CommandInvocation) -> None:
    """The claim is this process's. Never raises: how it ended is in the row."""
    try:
        with override(language_of(invocation)):
            ending = _run(invocation)
            if ending is not None:
                end(invocation, ending, timezone.now())
                mark_reply(invocation)
    except LostClaim:
        logger.info("Invocation %s is continued elsewhere", invocation.pk)
    except Exception:
        logger.exception("The outcome of invocation %s could not be written", invocation.pk)


def language_of(invocation: CommandInvocation) -> str:
    """The command's; of a reply in a thread the channel's."""
    if invocation.command is not None:
        return invocation.command.language
    channel = Channel.objects.filter(
        server=invocation.server_id, channel_id=invocation.channel_id
    ).first()
    return channel.language if channel is not None else "en"


def _is_stale(invocation: CommandInvocation) -> bool:
    """Nobody can be told any more, and whoever typed it has long done it otherwise."""
    is_begun = invocation.look_since is not None or invocation.found_by == "chosen"
    is_command = invocation.via == CommandInvocation.Via.COMMAND
    return is_command and not is_begun and timezone.now() - invocation.received_at > RESPONSE_LIFE


def _run(invocation: CommandInvocation) -> Ending | None:
    purpose = invocation.command.purpose if invocation.command else Purpose.REPLY
    if _is_stale(invocation):
        outcome = _("It waited for longer than half an hour, and nothing was done.")
        return Ending(State.FAILED, outcome, make_answer(with_typed(outcome, invocation)))
    try:
        caller = identify_caller(invocation.server, invocation.user_id, invocation.username)
        change(invocation, person=caller.person)
        check_caller(invocation, caller)
        return PURPOSES[purpose](invocation, caller)
    except CommandError as error:
        text = with_typed(str(error), invocation)
        return Ending(State.REFUSED, str(error), make_answer(text))
    except DeliveryError as error:
        return fail_or_retry(invocation, error)
    except LostClaim:
        raise
    except Exception as unexpected:
        logger.exception("Invocation %s failed", invocation.pk)
        text = _(
            "Something unexpected went wrong in the hub; an administrator sees it in its "
            "log: {error}",
            error=escape(repr(unexpected)[:200]),
        )
        answer = make_answer(with_typed(text, invocation))
        return Ending(State.FAILED, repr(unexpected), answer)
