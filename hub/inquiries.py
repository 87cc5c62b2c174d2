"""`/ticket` and `/hub`: a ticket as it is, how the hub is doing, why something was sent."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from hub import linking
from hub.answers import bold_reference, make_answer
from hub.callers import Caller
from hub.command_text import CommandError, first_word
from hub.contracts import JSONObject, JSONValue
from hub.formats import Locale
from hub.invocations import Ending, State
from hub.looking_up import find_references
from hub.markdown import escape, link
from hub.models import (
    Channel,
    CommandInvocation,
    Delivery,
    Event,
    MattermostServer,
    Monitor,
    Reference,
)
from hub.replying import answers_in_channel, clear_reference, fetch_ticket, target_of
from hub.sentences import sentence as _
from hub.silencing import active_silences, find_scope, parse_duration, silence
from hub.status import count_states, oldest_due_age
from hub.stored_sentences import translate_stored
from hub.tickets import Ticket

MAX_TOLD = 10  # deliveries of one reference: the newest
LONGEST_SILENCE = timedelta(days=7)  # from chat
SLOW_S = 30  # a row that should have been taken so long ago is worth a word
OPEN, CLOSED = "#2d6cdf", "#2e9d57"

DELIVERY_SIGNS: Mapping[str, str] = {
    Delivery.State.DELIVERED: ":white_check_mark:",
    Delivery.State.DEAD: ":x:",
    Delivery.State.SUPPRESSED: ":zzz:",
    Delivery.State.CANCELLED: ":no_entry_sign:",
}
WAITING_SIGN = ":hourglass_flowing_sand:"


def show_ticket(invocation: CommandInvocation, caller: Caller) -> Ending | None:
    """The ticket's state as a card. Raises CommandError and DeliveryError."""
    word, _rest = first_word(invocation.text)
    if not clear_reference(invocation, word):
        return None
    target = target_of(invocation)
    ticket = fetch_ticket(target, invocation.reference, invocation.external_id)
    if ticket.is_private and not _may_see_private(invocation, caller):
        raise CommandError(
            _(
                "{reference} is private: it is shown in channels that are cleared for that only.",
                reference=escape(ticket.display),
            )
        )
    in_channel = answers_in_channel(invocation) and not ticket.is_private
    answer = make_answer("", in_channel=in_channel, attachments=[_card(ticket)])
    return Ending(State.DONE, f"showed {ticket.display}", answer)


def _may_see_private(invocation: CommandInvocation, caller: Caller) -> bool:
    cleared = Channel.objects.filter(
        server=invocation.server_id,
        channel_id=invocation.channel_id,
        is_cleared_for_private=True,
    )
    return not caller.is_guest and cleared.exists()


def _card(ticket: Ticket) -> JSONObject:
    rows = [
        (_("Status"), ticket.status),
        (_("Priority"), ticket.priority),
        (_("Owner"), ticket.owner),
        (_("Customer"), ticket.customer),
        *ticket.fields,
    ]
    fields: list[JSONValue] = [
        {"title": name, "value": escape(value), "short": True} for name, value in rows if value
    ]
    return {
        "fallback": f"{ticket.display} {ticket.title}",
        "color": CLOSED if ticket.is_closed else OPEN,
        "title": f"{ticket.display} {ticket.title}",
        "title_link": ticket.url,
        "fields": fields,
    }


def answer_hub(invocation: CommandInvocation, caller: Caller) -> Ending | None:
    """The first word says what; without one the help. Raises CommandError."""
    word, rest = first_word(invocation.text)
    tell = SUBCOMMANDS.get(word.lower()) if word else _help
    if tell is None:
        raise CommandError(
            _(
                "There is no /{trigger} {word}. Known: {known}.",
                trigger=invocation.trigger,
                word=escape(word),
                known=", ".join(SUBCOMMANDS),
            )
        )
    return Ending(State.DONE, word or "help", tell(invocation, caller, rest))


def _help(_invocation: CommandInvocation, _caller: Caller, _rest: str) -> JSONObject:
    return make_answer(
        _(
            "**Writing to tickets**\n"
            "- `/reply #23 text`, `/reply ZD#74001 text`, `/reply TASK-2025-00006 text`\n"
            "- `/reply text` in a ticket's thread, or in a channel where it is clear\n"
            '- `--close`, `--status "In Progress"`, `--assign @name`, `--public` where the '
            "system can\n"
            "- `/ticket #23` shows a ticket\n\n"
            "**About the hub**\n"
            "- `/hub status`, `/hub why #23`, `/hub silence zammad 2h`, `/hub link`\n\n"
            "Calls, screen sharing and keyboard shortcuts are Mattermost's own: Ctrl+/ shows them."
        )
    )


def _status(_invocation: CommandInvocation, _caller: Caller, _rest: str) -> JSONObject:
    now = timezone.now()
    counts = count_states()
    waiting = sum(counts["delivery", state] for state in Delivery.OPEN_STATES)
    lines = [
        _("{count} messages are under way.", count=waiting),
        *_troubles(now),
    ]
    dead = counts["delivery", Delivery.State.DEAD]
    if dead:
        sentence = _("{count} could not be delivered.", count=dead)
        lines.append(f":x: {sentence} {_dead_letters()}")
    if len(lines) == 1:
        sentence = _("All services answer.")
        lines.append(f":white_check_mark: {sentence}")
    return make_answer("\n".join(lines))


def _troubles(now: datetime) -> list[str]:
    found = []
    age = oldest_due_age(now)
    if age > SLOW_S:
        waits = _("The oldest waits {seconds} s: is the worker running?", seconds=round(age))
        found.append(f":warning: {waits}")
    for server in MattermostServer.objects.exclude(down_since=None):
        silent = _("{name} does not answer.", name=escape(server.name))
        found.append(f":warning: {silent}")
    for monitor in Monitor.objects.filter(state=Monitor.State.DOWN, is_active=True):
        problem = f" {escape(monitor.problem)}" if monitor.problem else ""
        found.append(f":red_circle: **{escape(monitor.name)}**{problem}")
    return found


def _why(invocation: CommandInvocation, caller: Caller, rest: str) -> JSONObject:
    """Was it sent, where, when, why not? Raises CommandError."""
    word, _rest = first_word(rest)
    if not word:
        raise CommandError(_("Which one? /{trigger} why #23", trigger=invocation.trigger))
    references = find_references(word)[:3]
    may_see_private = _may_see_private(invocation, caller)
    shown = [one for one in references if not one.is_private or may_see_private]
    if not shown:
        raise CommandError(
            _("The hub has received nothing about {reference}.", reference=escape(word))
        )
    locale = _locale(invocation)
    told = (_why_one(one, locale, may_see_private=may_see_private) for one in shown)
    return make_answer("\n\n".join(told))


def _why_one(reference: Reference, locale: Locale, *, may_see_private: bool) -> str:
    """Private notes on it, and where they went, are told where they may be seen only."""
    hidden = Q(pk__in=[]) if may_see_private else Q(is_private=True)
    deliveries = _told(reference).exclude(event__in=reference.events.filter(hidden))
    lines = [f"{bold_reference(reference.display, reference.title, reference.url)}"]
    lines += [_delivery_line(delivery, locale) for delivery in deliveries[:MAX_TOLD]]
    lines += [_event_line(event, locale) for event in _untold(reference).exclude(hidden)[:3]]
    if len(lines) == 1:
        lines.append(_("No rule has sent anything about it."))
    query = urlencode({"q": reference.display})
    address = f"{_admin('hub_delivery_changelist')}?{query}"
    lines.append(str(link(_("Everything about it"), address)))
    return "\n".join(lines)


def _told(reference: Reference) -> QuerySet[Delivery]:
    return reference.deliveries.select_related("channel", "rule").order_by("-pk")


def _untold(reference: Reference) -> QuerySet[Event]:
    """Events about it that led to no message."""
    events = reference.events.filter(deliveries=None).order_by("-pk")
    return events.defer("body", "trace", "data")


def _delivery_line(delivery: Delivery, locale: Locale) -> str:
    at = delivery.delivered_at or delivery.created_at
    rule = f" ({escape(delivery.rule.name)})" if delivery.rule else ""
    reason = f": {escape(translate_stored(delivery.reason))}" if delivery.reason else ""
    sign = DELIVERY_SIGNS.get(delivery.state, WAITING_SIGN)
    state = delivery.get_state_display()
    return f"- {sign} {_when(at, locale)} {delivery.channel}{rule} {state}{reason}"


def _event_line(event: Event, locale: Locale) -> str:
    note = f": {escape(translate_stored(event.note))}" if event.note else ""
    kind = escape(event.kind or "?")
    told = f"{_when(event.received_at, locale)} {kind} {event.get_state_display()}{note}"
    return f"- :grey_question: {told}"


def _when(at: datetime, locale: Locale) -> str:
    return str(locale.datetime_of(at.isoformat()))


def _locale(invocation: CommandInvocation) -> Locale:
    """In the language of the command and the zone of the channel."""
    channel = Channel.objects.filter(
        server=invocation.server_id, channel_id=invocation.channel_id
    ).first()
    language = invocation.command.language if invocation.command else "en"
    return Locale(language, channel.zone if channel else settings.TIME_ZONE)


def _dead_letters() -> str:
    address = f"{_admin('hub_delivery_changelist')}?state__exact=dead"
    return str(link(_("Look at them"), address))


def _link(invocation: CommandInvocation, caller: Caller, _rest: str) -> JSONObject:
    """Raises CommandError."""
    if caller.person is None:
        raise CommandError(_("Mattermost could not say who you are: try again in a minute."))
    return linking.link(caller.person, invocation.server, timezone.now())


def _silence(invocation: CommandInvocation, caller: Caller, rest: str) -> JSONObject:
    """`zammad 2h`, `ZD#74001 until 17:00`; without words what is silent. Raises CommandError."""
    now = timezone.now().astimezone(ZoneInfo(_locale(invocation).zone))
    if not rest.strip():
        return make_answer(_silences(invocation, now))
    if caller.is_guest:
        raise CommandError(_("Guests may not silence anything."))
    what, length = _split_silence(rest, now)
    scope = find_scope(what)
    if scope is None:
        raise CommandError(
            _(
                "What is {what}? Name one source, monitor, rule, ticket or ~channel.",
                what=escape(what),
            )
        )
    reason = _("asked for in {place}", place=f"~{invocation.channel_name}")
    row = silence(scope, until=now + length, reason=reason, by=f"@{invocation.username}")
    text = _(
        "No messages about {what} until {when}. It can be ended in the admin: {link}",
        what=escape(str(scope)),
        when=_when(row.ends_at, _locale(invocation)),
        link=link(_("Silences"), _admin("hub_silence_changelist")),
    )
    return make_answer(f":zzz: {text}", in_channel=answers_in_channel(invocation))


def _split_silence(rest: str, now: datetime) -> tuple[str, timedelta]:
    """What, and for how long: the longest end of the words that is a duration."""
    words = rest.split()
    for start in range(1, len(words)):
        length = parse_duration(" ".join(words[start:]), now=now)
        if length is not None and length > LONGEST_SILENCE:
            raise CommandError(
                _("From chat for a week at most; longer ones are made in the admin.")
            )
        if length is not None:
            return " ".join(words[:start]), length
    raise CommandError(_("For how long? /hub silence zammad 2h, or until 17:00"))


def _silences(invocation: CommandInvocation, now: datetime) -> str:
    rows = list(active_silences(now)[:MAX_TOLD])
    if not rows:
        return _("Nothing is silenced.")
    locale = _locale(invocation)
    return "\n".join(f"- :zzz: {escape(str(row))} ({_when(row.ends_at, locale)})" for row in rows)


def _admin(page: str) -> str:
    return f"{settings.HUB_BASE_URL}{reverse(f'admin:{page}')}"


SUBCOMMANDS: Mapping[str, Callable[[CommandInvocation, Caller, str], JSONObject]] = {
    "help": _help,
    "status": _status,
    "why": _why,
    "silence": _silence,
    "link": _link,
}
