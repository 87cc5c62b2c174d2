"""The menu at the side, and what the search of the menu finds beside tables."""

from typing import Any, TypeAlias

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from hub.admin.attention import bounded_count, shown_count
from hub.admin.cells import row_url
from hub.admin.theme import SearchResult
from hub.looking_up import find_references
from hub.models import (
    Account,
    Channel,
    Delivery,
    Monitor,
    Reference,
    SlashCommand,
    TriggerRule,
)
from hub.silencing import active_silences

Entry: TypeAlias = dict[str, Any]

DOCTOR = "admin:hub_mattermostserver_doctor"
FOUND_REFERENCES = 10
FEWEST_LETTERS = 2  # of a search


def sidebar(request: HttpRequest) -> list[Entry]:
    """The groups of the menu. Called by the theme for every page."""
    return [
        _group(None, [_page(_("Overview"), "monitoring", "admin:index")]),
        _group(
            _("Look up"),
            [
                _table(request, _("Deliveries"), "outgoing_mail", "hub_delivery", _dead()),
                _table(request, _("Tickets and documents"), "tag", "hub_reference"),
                _table(request, _("Events"), "inbox", "hub_event"),
                _table(request, _("Refused requests"), "block", "hub_refusal"),
            ],
        ),
        _group(
            _("Rules"),
            [
                _table(request, _("Trigger rules"), "rule", "hub_triggerrule", _failing_rules()),
                _table(request, _("Silences"), "notifications_paused", "hub_silence", _silences()),
                _table(request, _("Maintenance"), "construction", "hub_maintenance"),
            ],
        ),
        _group(
            _("Mattermost"),
            [
                _table(request, _("Channels"), "forum", "hub_channel", _failing_channels()),
                _servers(request),
                _table(request, _("Threads"), "account_tree", "hub_thread"),
                *_doctor(request),
            ],
        ),
        _group(_("From chat"), _from_chat(request)),
        _group(
            _("Sources"),
            [
                _table(request, _("Sources"), "input", "hub_source"),
                _table(request, _("Webhook tokens"), "key", "hub_webhooktoken"),
                _table(request, _("Remembered states"), "bookmark", "hub_sourcestate"),
            ],
        ),
        _group(
            _("Watched services"),
            [
                _table(request, _("Monitors"), "monitor_heart", "hub_monitor", _down()),
                _table(request, _("Outages"), "timeline", "hub_outage"),
            ],
        ),
        _group(_("People"), _people(request)),
        _group(_("System"), _system(request), collapsible=True),
    ]


def search_references(request: HttpRequest, search_term: str) -> list[SearchResult]:
    """Tickets by number. Called by the theme, with the term in lower case."""
    if len(search_term) < FEWEST_LETTERS or not request.user.has_perm("hub.view_reference"):
        return []
    found = find_references(search_term).select_related("source").defer("source__credentials")
    return [_result(one) for one in found[:FOUND_REFERENCES]]


def _from_chat(request: HttpRequest) -> list[Entry]:
    return [
        _table(request, _("Slash commands"), "terminal", "hub_slashcommand", _commands()),
        _table(request, _("Outgoing webhooks"), "hearing", "hub_outgoingwebhook"),
        _table(request, _("Invocations"), "chat", "hub_commandinvocation"),
        _table(request, _("Reference patterns"), "pattern", "hub_referencepattern"),
        _table(request, _("Questions with buttons"), "ballot", "hub_actiontarget"),
        _table(request, _("Presses of buttons"), "touch_app", "hub_actioninvocation"),
    ]


def _people(request: HttpRequest) -> list[Entry]:
    return [
        _table(request, _("People"), "badge", "hub_person"),
        _table(request, _("Accounts"), "how_to_reg", "hub_account", _waiting_accounts()),
        _table(request, _("Users"), "person", "auth_user"),
        _table(request, _("Groups"), "group", "auth_group"),
        _table(request, _("Locked-out logins"), "lock", "axes_accessattempt"),
        _table(request, _("Logins"), "login", "axes_accesslog"),
    ]


def _system(request: HttpRequest) -> list[Entry]:
    return [
        _table(request, _("Ages of secrets"), "schedule", "hub_credential"),
        _table(request, _("Replaced secrets"), "auto_delete", "hub_replacedsecret"),
        _table(request, _("Attempts"), "replay", "hub_attempt"),
        _table(request, _("Drain leases"), "conveyor_belt", "hub_drainlease"),
        _table(request, _("Configuration version"), "settings", "hub_configversion"),
        _table(request, _("Queued tasks"), "pending_actions", "django_q_ormq"),
        _table(request, _("Schedules"), "schedule", "django_q_schedule"),
        _table(request, _("Finished tasks"), "task_alt", "django_q_success"),
        _table(request, _("Failed tasks"), "sms_failed", "django_q_failure"),
    ]


def _group(title: str | None, entries: list[Entry], *, collapsible: bool = False) -> Entry:
    shown = [entry for entry in entries if entry]
    return {"title": title, "separator": False, "collapsible": collapsible, "items": shown}


def _table(
    request: HttpRequest, title: str, icon: str, name: str, alarming: QuerySet[Any] | None = None
) -> Entry:
    """Empty for who may not see it. `alarming` rows are counted beside the title."""
    app, _separator, model = name.rpartition("_")
    if not request.user.has_perm(f"{app}.view_{model}"):
        return {}
    try:
        return _page(title, icon, f"admin:{name}_changelist") | _badge(alarming)
    except NoReverseMatch:  # the queue's table is there only where the database is its broker
        return {}


def _page(title: str, icon: str, url_name: str) -> Entry:
    return {"title": title, "icon": icon, "link": reverse(url_name)}


def _badge(rows: QuerySet[Any] | None) -> Entry:
    """Nothing for none: the theme would draw an empty one."""
    count = bounded_count(rows) if rows is not None else 0
    return {"badge": shown_count(count), "badge_variant": "danger"} if count else {}


def _dead() -> QuerySet[Any]:
    return Delivery.objects.filter(state=Delivery.State.DEAD)


def _waiting_accounts() -> QuerySet[Any]:
    return Account.objects.filter(state=Account.State.MATCHED)


def _down() -> QuerySet[Any]:
    return Monitor.objects.filter(state=Monitor.State.DOWN, is_active=True)


def _silences() -> QuerySet[Any]:
    return active_silences(timezone.now())


def _failing_rules() -> QuerySet[Any]:
    return TriggerRule.objects.exclude(last_error="")


def _failing_channels() -> QuerySet[Any]:
    return Channel.objects.exclude(problem="")


def _commands() -> QuerySet[Any]:
    return SlashCommand.objects.exclude(problem="")


def _servers(request: HttpRequest) -> Entry:
    """Not marked as the page one is on while that is the doctor's, whose address begins alike."""
    entry = _table(request, _("Servers"), "dns", "hub_mattermostserver")
    if entry and request.path == reverse(DOCTOR):
        entry["active"] = lambda _request: False
    return entry


def _doctor(request: HttpRequest) -> list[Entry]:
    if not request.user.has_perm("hub.change_mattermostserver"):
        return []
    return [_page(_("Doctor"), "stethoscope", DOCTOR)]


def _result(row: Reference) -> SearchResult:
    description = f"{row.source}: {row.title}" if row.title else str(row.source)
    return SearchResult(row.display, description, row_url(row), "tag")
