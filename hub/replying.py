"""`/reply`: what was typed becomes a note in the ticket, once, as the person who typed it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from hub import registry
from hub.answers import bold_reference, make_answer, question, undo_offer, with_typed
from hub.callers import Caller, refuse_unknown
from hub.command_text import CommandError, ReplyText, parse_reply
from hub.contracts import DeliveryError, SourceView
from hub.finding import Candidate, Found, Place, find_named, find_unnamed
from hub.invocations import Ending, State, change, retry_at, tell, wait_with
from hub.markdown import escape
from hub.markup import plain_text
from hub.models import CommandInvocation, MattermostServer, Source
from hub.people import account_in, find_person, may_write_as
from hub.references import Patterns, load_patterns
from hub.registry import destination
from hub.sentences import sentence as _
from hub.tickets import Account, Note, ReplyOption, Ticket, TicketAddress, Written, fingerprint
from hub.views import server_view, source_view

MAX_TEXT_CHARS = 16_000  # as long as a post
KNOWN_NOTES = timedelta(days=1)  # of the hub in a ticket, told apart from the one looked for


@dataclass(frozen=True, slots=True)
class Target:
    """The system to write to, ready to be called."""

    source: Source
    view: SourceView
    find_ticket: Callable[[SourceView, TicketAddress], Ticket | None]
    reply: Callable[[SourceView, Ticket, Note], Written]
    options: frozenset[ReplyOption]


def reply(invocation: CommandInvocation, caller: Caller) -> Ending | None:
    """None when it is not over: it asks, waits, or will be tried again.

    Raises CommandError for what the person can mend, DeliveryError for what a system refused,
    LostClaim when another drain goes on with it.
    """
    patterns = load_patterns()
    typed = _read(invocation, patterns)
    _check_text(typed)
    was_clear = bool(invocation.reference)
    if not clear_reference(invocation, typed.reference):
        return None
    if _may_be_undone(invocation) and not (was_clear and _has_waited(invocation)):
        _wait(invocation)
        return None
    return _write(invocation, typed, caller)


def _read(invocation: CommandInvocation, patterns: Patterns) -> ReplyText:
    """A reply in a thread is all text: nobody types options there.

    Raises CommandError.
    """
    if invocation.via == CommandInvocation.Via.THREAD:
        return ReplyText(text=invocation.text.strip())
    return parse_reply(invocation.text, lambda word: bool(patterns.find(word)))


def clear_reference(invocation: CommandInvocation, word: str) -> bool:
    """Settle which ticket is meant; False when the person is asked.

    Raises CommandError when there is none, DeliveryError when Mattermost cannot be asked.
    """
    if invocation.reference:
        return True
    found = _find(invocation, word, load_patterns())
    if len(found.candidates) > 1:
        _ask(invocation, found)
        return False
    _settle(invocation, found)
    return True


def _check_text(typed: ReplyText) -> None:
    if not typed.text and not typed.options - {"public", "private"}:
        raise CommandError(_("What should be written? Type the text behind the reference."))
    if len(typed.text) > MAX_TEXT_CHARS:
        raise CommandError(_("That is too long: at most {count} characters.", count=MAX_TEXT_CHARS))


def _find(invocation: CommandInvocation, named: str, patterns: Patterns) -> Found:
    """Raises CommandError when there is no candidate at all."""
    if named:
        found = find_named(named, patterns)
        if not found.candidates:
            word = escape(named)
            raise CommandError(
                _(
                    "No system is known for {reference}. Check it, or ask an administrator to add "
                    "a reference pattern. Put -- before a text that only looks like one.",
                    reference=word,
                )
            )
        return found
    place = Place(invocation.server_id, invocation.channel_id, invocation.root_id)
    now = timezone.now()
    server = server_view(invocation.server)
    found = find_unnamed(place, patterns, server, destination().conversations, now)
    if not found.candidates:
        raise CommandError(
            _(
                "No ticket was found in this thread or in the channel's recent messages. Name it: "
                "/{trigger} #23 …",
                trigger=invocation.trigger or "reply",
            )
        )
    return found


def _ask(invocation: CommandInvocation, found: Found) -> None:
    names = dict(Source.objects.values_list("pk", "name"))
    candidates = [
        one.as_json() | {"source_name": names.get(one.source_id, "")} for one in found.candidates
    ]
    change(invocation, candidates=candidates)
    tell(invocation, question(invocation))
    wait_with(invocation, State.ASKING, due_at=None)


def _settle(invocation: CommandInvocation, found: Found) -> None:
    """It is clear which ticket is meant."""
    chosen: Candidate = found.candidates[0]
    change(
        invocation,
        source=Source.objects.get(pk=chosen.source_id),
        reference=chosen.display,
        external_id=chosen.external_id,
        found_by=found.by,
        candidates=[chosen.as_json()],
    )


def _may_be_undone(invocation: CommandInvocation) -> bool:
    """What was found; what was named or chosen is written at once, and so is a thread's reply."""
    seconds = invocation.command.undo_seconds if invocation.command else 0
    return invocation.found_by in ("thread", "channel") and seconds > 0


def _has_waited(invocation: CommandInvocation) -> bool:
    """By the state in which it was claimed: a worker may have died between finding and waiting."""
    is_after = invocation.state in (State.WAITING, State.RETRYING)
    return is_after or invocation.look_since is not None


def _wait(invocation: CommandInvocation) -> None:
    seconds = invocation.command.undo_seconds if invocation.command else 0
    offer = undo_offer(invocation, seconds)
    tell(invocation, offer)  # first: nothing is written without it
    wait_with(invocation, State.WAITING, due_at=timezone.now() + timedelta(seconds=seconds))


def _write(invocation: CommandInvocation, typed: ReplyText, caller: Caller) -> Ending:
    target = target_of(invocation)
    _check_options(target, typed)
    ticket = fetch_ticket(target, invocation.reference, invocation.external_id)
    if caller.is_guest and ticket.is_private:
        refuse_unknown(caller)
        raise CommandError(_("Guests cannot write to private tickets."))
    note = _note(invocation, typed, caller, target)
    change(
        invocation,
        external_id=ticket.external_id,
        note_fingerprint=fingerprint(plain_text(typed.text)) if typed.text else "",
        look_since=invocation.look_since or timezone.now(),
    )
    written = target.reply(target.view, ticket, note)
    change(invocation, note_id=written.note_id[:200])
    return _done(invocation, ticket, target, written)


def target_of(invocation: CommandInvocation) -> Target:
    """Raises CommandError when its system takes no notes."""
    source = invocation.source
    integration = registry.get(source.integration) if source is not None else None
    if source is None or integration is None or not source.is_active:
        raise CommandError(_("The system of this ticket is switched off in the hub."))
    if integration.reply is None or integration.find_ticket is None:
        raise CommandError(_("The hub cannot write to {system}.", system=escape(source.name)))
    return Target(
        source,
        source_view(source),
        integration.find_ticket,
        integration.reply,
        integration.reply_options,
    )


def fetch_ticket(target: Target, display: str, external_id: str = "") -> Ticket:
    """Raises CommandError when there is none that the hub may see, else DeliveryError.

    An id that the hub remembers may be another ticket's by now: what people named counts.
    """
    ticket = target.find_ticket(target.view, TicketAddress(display, external_id))
    if ticket is not None and external_id and ticket.display.casefold() != display.casefold():
        ticket = target.find_ticket(target.view, TicketAddress(display))
    if ticket is None:
        raise CommandError(
            _(
                "{system} has no {reference}, or the hub's account there may not see it.",
                system=escape(target.source.name),
                reference=escape(display),
            )
        )
    return ticket


def _check_options(target: Target, typed: ReplyText) -> None:
    missing = typed.options - target.options
    if missing:
        names = ", ".join(f"--{name}" for name in sorted(missing))
        raise CommandError(
            _(
                "{system} does not know {options}. Nothing was written.",
                system=escape(target.source.name),
                options=names,
            )
        )


def _note(invocation: CommandInvocation, typed: ReplyText, caller: Caller, target: Target) -> Note:
    now = timezone.now()
    return Note(
        text=typed.text,
        author_name=caller.name,
        author_username=invocation.username,
        account=_account(caller, target, invocation.server, now),
        is_public="public" in typed.options,
        is_private="private" in typed.options,
        is_closing="close" in typed.options,
        status=typed.status,
        assignee=_assignee(invocation, typed, target, now),
        look_since=invocation.look_since,
        known_ids=_known_notes(invocation, now),
    )


def _account(
    caller: Caller, target: Target, server: MattermostServer, now: datetime
) -> Account | None:
    """The person's own, where it is sure enough to write as it."""
    if caller.person is None:
        return None
    row = account_in(caller.person, target.source, now)
    if row is None or not may_write_as(row, server):
        return None
    return Account(row.external_id, row.login, row.email, row.name)


def _assignee(
    invocation: CommandInvocation, typed: ReplyText, target: Target, now: datetime
) -> Account | None:
    """Raises CommandError: assigning to nobody would look as if it had worked."""
    if not typed.assignee:
        return None
    server = server_view(invocation.server)
    user = destination().conversations.find_user(server, typed.assignee)
    if user is None:
        name = escape(typed.assignee)
        raise CommandError(_("There is nobody called {name} in Mattermost.", name=name))
    row = account_in(find_person(invocation.server, user), target.source, now)
    if row is None:
        raise CommandError(
            _(
                "No account of {name} is known in {system}: an administrator can add it.",
                name=escape(user.name),
                system=escape(target.source.name),
            )
        )
    return Account(row.external_id, row.login, row.email, row.name)


def _known_notes(invocation: CommandInvocation, now: datetime) -> frozenset[str]:
    """Ids of what else the hub wrote to this ticket: the same words may be meant twice."""
    others = CommandInvocation.objects.filter(
        source=invocation.source_id,
        reference=invocation.reference,
        received_at__gte=now - KNOWN_NOTES,
    ).exclude(pk=invocation.pk)
    return frozenset(others.exclude(note_id="").values_list("note_id", flat=True))


def _done(
    invocation: CommandInvocation, ticket: Ticket, target: Target, written: Written
) -> Ending:
    """The answer names the ticket, and what of the rest has happened.

    Writing to a private ticket shows nothing of it: whoever knows its number may do so anywhere.
    """
    is_public = answers_in_channel(invocation) and not ticket.is_private
    shown = bold_reference(ticket.display, "" if ticket.is_private else ticket.title, ticket.url)
    parts = [_("Written to {ticket} in {system}.", ticket=shown, system=escape(target.source.name))]
    if written.status:
        parts.append(_("Status: {status}.", status=escape(written.status)))
    if written.assignee:
        parts.append(_("Assigned to {name}.", name=escape(written.assignee)))
    parts += [f":warning: {escape(problem)}" for problem in written.problems]
    outcome = "; ".join((f"written to {ticket.display}", *written.problems))
    return Ending(State.DONE, outcome, make_answer(" ".join(parts), in_channel=is_public))


def answers_in_channel(invocation: CommandInvocation) -> bool:
    command = invocation.command
    return command is not None and command.answer == command.Answer.IN_CHANNEL


def fail_or_retry(invocation: CommandInvocation, error: DeliveryError) -> Ending | None:
    """What a system refused: tried again where that helps, else told with what was typed."""
    now = timezone.now()
    again_at = None if error.permanent else retry_at(invocation, now)
    if again_at is not None:
        is_first = invocation.attempt_count <= 1
        change(invocation, outcome=str(error)[:500])
        wait_with(invocation, State.RETRYING, due_at=again_at)
        if is_first:
            text = _(
                "Not done yet: {error}. The hub tries again for two minutes.",
                error=escape(str(error)),
            )
            tell(invocation, make_answer(with_typed(text, invocation)))
        return None
    text = ":x: " + _("Not done: {error}", error=escape(str(error)))
    if _may_have_arrived(invocation, error):
        warning = _("It may be there all the same: look before you type it again.")
        text = f"{text}\n:warning: {warning}"
    return Ending(State.FAILED, str(error), make_answer(with_typed(text, invocation)))


def _may_have_arrived(invocation: CommandInvocation, error: DeliveryError) -> bool:
    """Of an earlier try, too, whose trace could not be looked for any more."""
    has_tried = invocation.look_since is not None
    return has_tried and (error.is_fate_unknown or invocation.attempt_count > 1)
