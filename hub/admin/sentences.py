"""What became of an event or a delivery, in the sentence an operator wants to read."""

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hub.backoff import DELAYS
from hub.models import Delivery, Event
from hub.stored_sentences import translate_stored

State = Delivery.State
MAX_ATTEMPTS = len(DELAYS) + 1


def at(time: datetime, now: datetime) -> str:
    """`14:32` today, else with its day."""
    local, today = timezone.localtime(time), timezone.localtime(now)
    if local.date() == today.date():
        return date_format(local, "H:i")
    return date_format(local, "j M H:i" if local.year == today.year else "j M Y H:i")


def age(time: datetime, now: datetime) -> str:
    """`3 min`, `5 h`, `12 d`: how long ago, in one unit."""
    seconds = max(0, int((now - time) / timedelta(seconds=1)))
    if seconds < 60:
        return _("%(n)d s") % {"n": seconds}
    if seconds < 3600:
        return _("%(n)d min") % {"n": seconds // 60}
    if seconds < 86_400 * 2:
        return _("%(n)d h") % {"n": seconds // 3600}
    return _("%(n)d d") % {"n": seconds // 86_400}


def describe_delivery(delivery: Delivery, now: datetime) -> str:
    """Whether it was sent, where, when, or why not."""
    words = {
        "channel": str(delivery.channel),
        "reason": translate_stored(delivery.reason) or _("no reason was kept"),
        "due": at(delivery.due_at, now),
        "n": delivery.attempt_count,
        "of": MAX_ATTEMPTS,
    }
    match delivery.state:
        case State.DELIVERED:
            return _delivered(delivery, now)
        case State.PENDING:
            return _waiting(delivery, now) % words
        case State.SENDING:
            return _("Being sent to %(channel)s at this moment.") % words
        case State.FAILED:
            return (
                _("Not sent yet: %(reason)s. Attempt %(n)d of %(of)d; the next is at %(due)s.")
                % words
            )
        case State.HELD:
            return _("Held: %(reason)s. It goes out by itself when that is over.") % words
        case State.DEAD:
            return _dead(delivery.attempt_count) % words
    return _("Not sent: %(reason)s.") % words


def describe_event(event: Event) -> str:
    """What the hub made of it."""
    words = {"kind": event.kind, "note": translate_stored(event.note) or _("no reason was kept")}
    match event.state:
        case Event.State.RECEIVED:
            return _("Stored; the rules have not looked at it yet.")
        case Event.State.MATCHED:
            return _("Understood as %(kind)s; at least one rule holds.") % words
        case Event.State.UNMATCHED:
            return _("Not sent: %(note)s.") % words
        case Event.State.IGNORED:
            return _("Ignored: %(note)s.") % words
        case Event.State.UNKNOWN:
            return _("Not understood: %(note)s.") % words
    return _("Failed: %(note)s.") % words


def _delivered(delivery: Delivery, now: datetime) -> str:
    patterns = {
        Delivery.Action.POST: _("Delivered to %(channel)s at %(time)s"),
        Delivery.Action.EDIT: _("The card in %(channel)s was brought up to date at %(time)s"),
        Delivery.Action.REACT: _("The reaction was set in %(channel)s at %(time)s"),
        Delivery.Action.COUNT: _("The count in %(channel)s was brought up to date at %(time)s"),
    }
    time = at(delivery.delivered_at or delivery.due_at, now)
    sentence = patterns[Delivery.Action(delivery.action)] % {
        "channel": delivery.channel,
        "time": time,
    }
    if delivery.attempt_count > 1:
        sentence += _(" after %(n)d attempts") % {"n": delivery.attempt_count}
    reason = translate_stored(delivery.reason)
    return f"{sentence} ({reason})." if reason else f"{sentence}."


def _waiting(delivery: Delivery, now: datetime) -> str:
    if delivery.due_at > now and delivery.reason:
        return _("Waiting, %(reason)s: to be sent to %(channel)s at %(due)s.")
    if delivery.due_at > now:
        return _("Waiting: to be sent to %(channel)s at %(due)s.")
    return _("Waiting to be sent to %(channel)s: its turn is now.")


def _dead(attempt_count: int) -> str:
    return ngettext(
        "Not sent: given up after %(n)d attempt. %(reason)s.",
        "Not sent: given up after %(n)d attempts. %(reason)s.",
        attempt_count,
    )
