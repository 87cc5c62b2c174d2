"""People: their accounts, looking for more of them, and making one of two."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from hub.admin.accounts import account_tag
from hub.admin.base import HistoryAdmin
from hub.admin.cells import NOTHING, tag, two_lines
from hub.admin.theme import TabularInline
from hub.models import Account, Person
from hub.people import look_again, merge_people

MAX_MERGED = 20
HIDDEN = (Account.State.ABSENT, Account.State.REJECTED)


class AccountInline(TabularInline):
    model = Account
    extra = 0
    fields = ("source", "server", "external_id", "login", "email", "name", "state")
    verbose_name_plural = gettext_lazy("Accounts")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Without the remembrance that there is none."""
        return super().get_queryset(request).exclude(state=Account.State.ABSENT)


@admin.register(Person)
class PersonAdmin(HistoryAdmin):
    list_display = ("name", "email", "accounts_cell", "state_cell")
    list_filter = ("is_active",)
    search_fields = ("name", "email", "accounts__login", "accounts__email")
    search_help_text = gettext_lazy("Name, e-mail address or login")
    inlines = (AccountInline,)
    actions = ("look_for_accounts", "merge_selected")
    fieldsets = ((None, {"fields": (("name", "is_active"), "email")}),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.prefetch_related("accounts__source", "accounts__server")

    @admin.action(
        description=gettext_lazy("Look for their accounts now, in every system"),
        permissions=["change"],
    )
    def look_for_accounts(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        count = look_again(list(rows), timezone.now())
        done = ngettext("%(n)d account was found.", "%(n)d accounts were found.", count)
        messages.success(request, done % {"n": count})

    @admin.action(description=gettext_lazy("These are one person"), permissions=["delete"])
    def merge_selected(self, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponse | None:
        people = list(rows.order_by("pk")[:MAX_MERGED])
        if len(people) < 2:
            messages.warning(request, _("Choose two people or more."))
            return None
        kept = next((one for one in people if str(one.pk) == request.POST.get("kept")), None)
        if kept is None:
            return self._ask_to_merge(request, people)
        self.log_deletions(request, rows.exclude(pk=kept.pk))
        for person in people:
            if person != kept:
                merge_people(kept, person)
        messages.success(request, _("Now there is one %(person)s.") % {"person": kept})
        return None

    @admin.display(description=gettext_lazy("accounts"))
    def accounts_cell(self, row: Person) -> str:
        shown = [str(one) for one in row.accounts.all() if one.state not in HIDDEN]
        return two_lines(len(shown), ", ".join(shown)) if shown else NOTHING

    @admin.display(description=gettext_lazy("state"))
    def state_cell(self, row: Person) -> str:
        if not row.is_active:
            return tag(_("switched off"), "quiet")
        waiting = [one for one in row.accounts.all() if one.state == Account.State.MATCHED]
        return account_tag(waiting[0]) if waiting else tag(_("confirmed"), "good")

    def _ask_to_merge(self, request: HttpRequest, people: list[Person]) -> HttpResponse:
        hidden = [(ACTION_CHECKBOX_NAME, person.pk) for person in people]
        return self.page(
            request,
            "hub/merge_people.html",
            _("Make one person of them"),
            people=people,
            hidden=[("action", "merge_selected"), *hidden],
            back=self.own_url("changelist"),
        )
