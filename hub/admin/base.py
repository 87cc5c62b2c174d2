"""What all pages of the admin share: base classes, paths of their own, and who may do what."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from simple_history.admin import SimpleHistoryAdmin

from hub.admin.secret_fields import secret_formfield
from hub.admin.theme import ModelAdmin
from hub.fields import EncryptedField
from hub.looking_up import find_reference_ids

if TYPE_CHECKING:
    BasePaginator = Paginator[Any]
else:
    BasePaginator = Paginator  # not subscriptable at run time

COUNTED_ROWS = 2_000  # above it a list has “next” and “previous” only: more take seconds to count
UNCOUNTED = 9_999_999_999  # what the theme's own endless paginator says

View = Callable[..., HttpResponse]


class BoundedPaginator(BasePaginator):
    """Counts up to COUNTED_ROWS and no further."""

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        counted = rows[: COUNTED_ROWS + 1].count() if isinstance(rows, QuerySet) else len(rows)
        return counted if counted <= COUNTED_ROWS else UNCOUNTED

    @property
    def template_name(self) -> str | None:
        """None: the usual page numbers."""
        return "unfold/helpers/pagination_infinite.html" if self.count == UNCOUNTED else None


class HubAdmin(ModelAdmin):
    """One table. `own_paths` are its pages beside the list and the form."""

    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # each is a count of the whole table
    list_filter_submit = True
    paginator = BoundedPaginator
    hidden_values: ClassVar[Mapping[str, str]] = {}  # field → the method that says “set” or not

    def get_urls(self) -> list[URLPattern]:
        return [*self.own_paths(), *super().get_urls()]

    def own_paths(self) -> list[URLPattern]:
        return []

    def own_path(self, route: str, view: View, name: str) -> URLPattern:
        """`hub_delivery_<name>`, behind the admin's login and its CSRF check."""
        return path(route, self.admin_site.admin_view(view), name=f"{self._prefix}_{name}")

    def own_url(self, name: str, *args: object) -> str:
        return reverse(f"{self.admin_site.name}:{self._prefix}_{name}", args=args)

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Those who may only look do not see secrets: Django would print them as plain text."""
        fieldsets = super().get_fieldsets(request, obj)
        if not self.hidden_values or self.has_change_permission(request, obj):
            return fieldsets
        return [
            (name, {**options, "fields": self._without_secrets(options["fields"])})
            for name, options in fieldsets
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        context = self.page_context(request, row) if row is not None else {}
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    def page_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """What the page of one row shows beside its form."""
        return {}

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A secret goes in and does not come out."""
        if isinstance(db_field, EncryptedField):
            return secret_formfield(db_field)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The head of a list says how many were found only where that is known and meant."""
        changelist = super().get_changelist_instance(request)
        is_narrowed = changelist.query or changelist.has_active_filters
        if not is_narrowed or changelist.result_count == UNCOUNTED:
            changelist.full_result_count = changelist.result_count
        return changelist

    def find(self, request: HttpRequest, pk: int) -> Any:
        """The row of one of `own_paths`. Raises Http404."""
        row = self.get_object(request, str(pk))
        if row is None:
            raise Http404
        return row

    def require(self, is_allowed: bool) -> None:
        if not is_allowed:
            raise PermissionDenied

    def page(
        self, request: HttpRequest, template: str, title: str, **context: object
    ) -> TemplateResponse:
        """A page of `own_paths` within the frame of the admin."""
        request.current_app = self.admin_site.name
        shared = self.admin_site.each_context(request)
        return TemplateResponse(
            request, template, {**shared, "title": title, "opts": self.opts, **context}
        )

    @property
    def _prefix(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}"

    def _without_secrets(self, fields: Sequence[Any]) -> list[Any]:
        return [
            self._without_secrets(field)
            if isinstance(field, list | tuple)
            else self.hidden_values.get(field, field)
            for field in fields
        ]


class ReadOnlyAdmin(HubAdmin):
    """A table that only the hub writes: to be looked at, by nobody to be changed."""

    actions_on_top = True
    list_disable_select_all = True

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReferencedAdmin(ReadOnlyAdmin):
    """Searched by ticket, through the index: its millions of rows never are."""

    search_fields: ClassVar[list[str] | tuple[str, ...]] = ("reference__display",)
    search_help_text = gettext_lazy("Reference: ZD#74001, 74001, #23, TASK-2025…")
    reference_lookup = "reference__in"
    sortable_by = ()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term.strip():
            return queryset, False
        return queryset.filter(**{self.reference_lookup: find_reference_ids(search_term)}), False


class HistoryAdmin(SimpleHistoryAdmin, HubAdmin):  # type: ignore[misc]  # it has no types
    """A table whose changes are kept, with who made them."""


def person(request: HttpRequest) -> AbstractBaseUser:
    """Who asks. Raises PermissionDenied for nobody in particular."""
    user = request.user
    if not isinstance(user, AbstractBaseUser):
        raise PermissionDenied
    return user


def secret_state(name: str, label: Any) -> Any:
    """A column that says whether the encrypted field `name` holds anything, and not what."""

    @admin.display(description=label)
    def state(_admin: object, row: Model) -> Any:
        return _("set") if getattr(row, name) else _("not set")

    return state
