"""The review of accounts: whose they are, doubtful ones first."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Lower
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from hub.admin.base import HistoryAdmin
from hub.admin.cells import NOTHING, row_link, tag, time_cell, two_lines
from hub.admin.theme import ChoicesFilter, RelatedFilter
from hub.models import Account, Person
from hub.people import confirm_account, reject_account, split_off

TONES = {
    Account.State.MATCHED: "warning",
    Account.State.CONFIRMED: "good",
    Account.State.REJECTED: "quiet",
    Account.State.ABSENT: "quiet",
}


def account_tag(account: Account) -> SafeString:
    return tag(account.get_state_display(), TONES.get(Account.State(account.state), "quiet"))


@admin.register(Account)
class AccountAdmin(HistoryAdmin):
    list_display = (
        "account_cell",
        "place_cell",
        "person_cell",
        "email",
        "doubt_cell",
        "state_cell",
        "checked_cell",
    )
    list_filter = (("state", ChoicesFilter), ("source", RelatedFilter), ("server", RelatedFilter))
    search_fields = ("login", "email", "name", "person__name", "person__email")
    autocomplete_fields = ("person",)
    actions = ("confirm_selected", "reject_selected", "split_selected")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("person", "state"),
                    ("source", "server"),
                    ("external_id", "login"),
                    ("email", "name"),
                )
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """What waits for a word stands first, and of that what is doubtful."""
        twins = Person.objects.filter(email=OuterRef("email")).exclude(pk=OuterRef("person"))
        rows = Account.objects.select_related("person", "source", "server")
        rows = rows.defer("source__credentials", "server__bot_token")
        # Not from super(): it would sort before the columns of doubt are there.
        named: QuerySet[Any] = rows.annotate(
            our_name=Lower("person__name"), their_name=Lower("name")
        )
        doubted: QuerySet[Any] = named.annotate(
            is_twin=Exists(twins.exclude(email="")),
            is_named_otherwise=_one_if(~Q(name="") & ~Q(their_name=F("our_name"))),
            is_waiting=_one_if(Q(state=Account.State.MATCHED)),
        )
        return doubted

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return ("-is_waiting", "-is_twin", "-is_named_otherwise", "-pk")

    @admin.action(description=gettext_lazy("Confirm: it is this person's"), permissions=["change"])
    def confirm_selected(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        self._judge(request, rows.filter(state=Account.State.MATCHED), confirm_account)

    @admin.action(
        description=gettext_lazy("Reject: it is not this person's"), permissions=["change"]
    )
    def reject_selected(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        known = (Account.State.MATCHED, Account.State.CONFIRMED)
        self._judge(request, rows.filter(state__in=known), reject_account)

    @admin.action(
        description=gettext_lazy("Split off: it is another person's"), permissions=["change"]
    )
    def split_selected(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        known = (Account.State.MATCHED, Account.State.CONFIRMED)
        self._judge(request, rows.filter(state__in=known), split_off)

    @admin.display(description=gettext_lazy("account"), ordering="login")
    def account_cell(self, row: Account) -> str:
        return two_lines(row.login or row.external_id or NOTHING, row.name)

    @admin.display(description=gettext_lazy("in"))
    def place_cell(self, row: Account) -> str:
        return str(row.source or row.server)

    @admin.display(description=gettext_lazy("person"), ordering="person__name")
    def person_cell(self, row: Account) -> str:
        return row_link(row.person)

    @admin.display(description=gettext_lazy("in doubt"))
    def doubt_cell(self, row: Any) -> str:
        if row.state != Account.State.MATCHED:
            return NOTHING
        if row.is_twin:
            return tag(_("two people with this address"), "bad")
        return tag(_("another name"), "warning") if row.is_named_otherwise else NOTHING

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_cell(self, row: Account) -> str:
        return account_tag(row)

    @admin.display(description=gettext_lazy("looked up"))
    def checked_cell(self, row: Account) -> str:
        return time_cell(row.checked_at)

    def _judge(
        self, request: HttpRequest, rows: QuerySet[Any], judge: Callable[[Account], object]
    ) -> None:
        """One by one: each change is kept in the history."""
        accounts = list(Account.objects.filter(pk__in=rows.order_by().values("pk")))
        for account in accounts:
            judge(account)
        count = len(accounts)
        done = ngettext("%(n)d account was changed.", "%(n)d accounts were changed.", count)
        messages.success(request, done % {"n": count})


def _one_if(condition: Q) -> Case:
    return Case(When(condition, then=Value(1)), default=Value(0), output_field=IntegerField())
