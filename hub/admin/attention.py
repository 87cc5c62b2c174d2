"""What needs a person first: each finding in a sentence, with the page that mends it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final

from django.conf import settings
from django.db.models import QuerySet, Sum
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hub.admin.cells import list_url, row_url
from hub.admin.restraint_notes import (
    describe_maintenance,
    describe_silence,
    maintenance_under_way,
)
from hub.admin.sentences import age
from hub.admin.token_warnings import EXPIRES_SOON, OLD_AFTER
from hub.models import (
    Channel,
    CommandInvocation,
    Credential,
    Delivery,
    Event,
    MattermostServer,
    Outage,
    Refusal,
    ReplacedSecret,
    TriggerRule,
    WebhookToken,
)
from hub.silencing import active_silences
from hub.status import oldest_due_age
from hub.stored_sentences import translate_stored

COUNTED: Final = 1000  # more is said as “1000 or more”: it costs too much to be exact
LISTED: Final = 5  # of one sort; the rest is behind the link
DAY: Final = timedelta(hours=24)
State = Delivery.State


@dataclass(frozen=True, slots=True)
class Finding:
    """`tone` is bad, warning or info; the bad come first."""

    tone: str
    icon: str
    sentence: str
    detail: str
    url: str


def find_what_needs_attention(now: datetime) -> list[Finding]:
    findings = [one for find in SEARCHES for one in find(now)]
    return sorted(findings, key=lambda one: ("bad", "warning", "info").index(one.tone))


def bounded_count(rows: QuerySet[Any]) -> int:
    """Exact below COUNTED."""
    return rows.order_by()[:COUNTED].count()


def shown_count(count: int) -> str:
    return f"{count}+" if count >= COUNTED else str(count)


def _servers(now: datetime) -> Iterator[Finding]:
    for server in MattermostServer.objects.filter(down_since__isnull=False, is_active=True):
        if server.down_since is not None:
            words = {"service": server, "time": age(server.down_since, now)}
            yield Finding(
                "bad",
                "cloud_off",
                _("%(service)s has been down for %(time)s") % words,
                _("Messages are held and go out by themselves when it is back."),
                row_url(server),
            )


def _overdue(now: datetime) -> Iterator[Finding]:
    seconds = oldest_due_age(now)
    if seconds > settings.HUB_READY_MAX_AGE_SECONDS:
        yield Finding(
            "bad",
            "hourglass_disabled",
            _("Nothing has been taken up for %(time)s")
            % {"time": age(now - timedelta(seconds=seconds), now)},
            _("Work is waiting and no worker takes it: is “manage.py worker” running?"),
            reverse("admin:hub_drainlease_changelist"),
        )


def _monitors(now: datetime) -> Iterator[Finding]:
    open_outages = Outage.objects.filter(ended_at=None, monitor__is_active=True)
    open_outages = open_outages.select_related("monitor")
    for outage in open_outages[:LISTED]:
        words = {"service": outage.monitor, "time": age(outage.started_at, now)}
        yield Finding(
            "bad",
            "monitor_heart",
            _("%(service)s has been down for %(time)s") % words,
            outage.problem,
            row_url(outage.monitor),
        )


def _dead(_now: datetime) -> Iterator[Finding]:
    rows = Delivery.objects.filter(state=State.DEAD)
    count = bounded_count(rows)
    if count:
        last = rows.select_related("channel").defer("message", "trace").order_by("-pk").first()
        yield Finding(
            "bad",
            "mark_email_unread",
            ngettext("%(n)s dead letter", "%(n)s dead letters", count) % {"n": shown_count(count)},
            f"{last.channel}: {translate_stored(last.reason)}" if last is not None else "",
            list_url(Delivery, state__exact=State.DEAD),
        )


def _failed_commands(now: datetime) -> Iterator[Finding]:
    """Somebody believes that his note was written, or has read that it was not."""
    rows = CommandInvocation.objects.filter(
        state=CommandInvocation.State.FAILED, received_at__gte=now - DAY
    ).order_by("-pk")
    count = bounded_count(rows)
    if count:
        last = rows.only("username", "outcome").first()
        yield Finding(
            "bad",
            "chat_error",
            ngettext(
                "%(n)s command from chat failed today",
                "%(n)s commands from chat failed today",
                count,
            )
            % {"n": shown_count(count)},
            f"@{last.username}: {last.outcome}" if last is not None else "",
            list_url(CommandInvocation, state__exact=CommandInvocation.State.FAILED),
        )


def _failed_events(now: datetime) -> Iterator[Finding]:
    count = bounded_count(_events(Event.State.FAILED, now))
    if count:
        yield Finding(
            "bad",
            "error",
            ngettext("%(n)s event failed", "%(n)s events failed", count)
            % {"n": shown_count(count)},
            _("In the last 24 hours. They are stored and can be replayed."),
            list_url(Event, state__exact=Event.State.FAILED),
        )


def _channels(_now: datetime) -> Iterator[Finding]:
    for channel in Channel.objects.exclude(problem="").defer("webhook_url")[:LISTED]:
        yield Finding(
            "bad",
            "no_accounts",
            _("%(channel)s has a problem") % {"channel": channel},
            channel.problem,
            row_url(channel),
        )


def _rules(_now: datetime) -> Iterator[Finding]:
    for rule in TriggerRule.objects.exclude(last_error="").order_by("-last_error_at")[:LISTED]:
        yield Finding(
            "warning",
            "edit_off",
            _("The wording of “%(rule)s” fails") % {"rule": rule},
            rule.last_error,
            row_url(rule),
        )


def _held(_now: datetime) -> Iterator[Finding]:
    count = bounded_count(Delivery.objects.filter(state=State.HELD))
    if count:
        yield Finding(
            "warning",
            "pause_circle",
            ngettext("%(n)s delivery is held", "%(n)s deliveries are held", count)
            % {"n": shown_count(count)},
            _("Their channel is paused or its server is down."),
            list_url(Delivery, state__exact=State.HELD),
        )


def _paused(_now: datetime) -> Iterator[Finding]:
    for channel in Channel.objects.filter(is_paused=True).defer("webhook_url")[:LISTED]:
        yield Finding(
            "info",
            "pause",
            _("%(channel)s is paused") % {"channel": channel},
            _("Its messages are held until you let it go on."),
            row_url(channel),
        )


def _silences(now: datetime) -> Iterator[Finding]:
    for row in active_silences(now)[:LISTED]:
        yield Finding(
            "info",
            "notifications_paused",
            describe_silence(row, now),
            _("What it withholds is listed as suppressed, and not posted later."),
            row_url(row),
        )


def _maintenance(now: datetime) -> Iterator[Finding]:
    for row, until in islice(maintenance_under_way(now), LISTED):
        yield Finding(
            "info",
            "construction",
            describe_maintenance(row, until, now),
            _("An outage that lasts longer than it is announced then."),
            row_url(row),
        )


def _unknown(now: datetime) -> Iterator[Finding]:
    count = bounded_count(_events(Event.State.UNKNOWN, now))
    if count:
        yield Finding(
            "warning",
            "help",
            ngettext("%(n)s event was not understood", "%(n)s events were not understood", count)
            % {"n": shown_count(count)},
            _("In the last 24 hours. The page of each says where the first surprise was."),
            list_url(Event, state__exact=Event.State.UNKNOWN),
        )


def _refused(now: datetime) -> Iterator[Finding]:
    rows = Refusal.objects.filter(minute__gte=now - DAY)  # begins refusal_unique_per_minute
    total = rows.aggregate(n=Sum("repeat_count"))["n"] or 0
    if total:
        last = rows.order_by("-pk").first()
        yield Finding(
            "warning",
            "block",
            ngettext("%(n)d request was refused", "%(n)d requests were refused", total)
            % {"n": total},
            _("In the last 24 hours; the last: %(reason)s")
            % {"reason": translate_stored(last.reason) if last is not None else ""},
            reverse("admin:hub_refusal_changelist"),
        )


def _tokens(now: datetime) -> Iterator[Finding]:
    valid = WebhookToken.objects.filter(revoked_at=None, is_test=False)
    ending = valid.filter(expires_at__gt=now, expires_at__lt=now + EXPIRES_SOON).count()
    old = valid.filter(expires_at=None, created_at__lt=now - OLD_AFTER).count()
    url = reverse("admin:hub_webhooktoken_changelist")
    rotating = _("Rotating leaves the old address valid while the sender is switched over.")
    if ending:
        sentence = ngettext(
            "%(n)d token expires within a week", "%(n)d tokens expire within a week", ending
        )
        yield Finding("warning", "key", sentence % {"n": ending}, rotating, url)
    if old:
        sentence = ngettext(
            "%(n)d token is older than six months", "%(n)d tokens are older than six months", old
        )
        yield Finding("info", "key", sentence % {"n": old}, rotating, url)


def _credentials(now: datetime) -> Iterator[Finding]:
    """Webhook tokens are told about above, with what can be done about them."""
    rows = Credential.objects.exclude(sort=Credential.Sort.WEBHOOK_TOKEN)
    old = [row for row in rows if row.is_old(now)]
    if old:
        sentence = ngettext(
            "%(n)d secret is to be rotated", "%(n)d secrets are to be rotated", len(old)
        )
        detail = ", ".join(str(row) for row in old[:LISTED])
        url = reverse("admin:hub_credential_changelist")
        yield Finding("info", "key", sentence % {"n": len(old)}, detail, url)
    for row in ReplacedSecret.objects.exclude(problem="")[:LISTED]:
        sentence = _("%(secret)s could not be taken away in Mattermost") % {"secret": row}
        yield Finding("warning", "key_off", sentence, row.problem, row_url(row))


def _events(state: str, now: datetime) -> QuerySet[Event]:
    return Event.objects.filter(state=state, received_at__gte=now - DAY)


SEARCHES: Final[tuple[Callable[[datetime], Iterator[Finding]], ...]] = (
    _servers,
    _overdue,
    _monitors,
    _dead,
    _failed_commands,
    _failed_events,
    _channels,
    _rules,
    _held,
    _unknown,
    _refused,
    _paused,
    _silences,
    _maintenance,
    _tokens,
    _credentials,
)
