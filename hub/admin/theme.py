"""The one door to the admin theme (django-unfold), which has no types."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.admin.forms import AdminPasswordChangeForm
from django.contrib.auth.forms import UserChangeForm, UserCreationForm
from unfold.dataclasses import SearchResult

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
    StackedInline = admin.StackedInline[Any, Any]
    ChoicesFilter = AutocompleteFilter = RelatedFilter = admin.FieldListFilter
    DateRangeFilter = admin.FieldListFilter
    DropdownFilter = admin.SimpleListFilter
    CheckboxesWidget = forms.CheckboxSelectMultiple
    CheckboxWidget = forms.CheckboxInput
    PasswordWidget = forms.PasswordInput
    SelectWidget = forms.Select
    TextareaWidget = forms.Textarea
    TextWidget = forms.TextInput
    ModelForm = forms.ModelForm[Any]
else:
    from django.forms import ModelForm
    from unfold.admin import ModelAdmin, StackedInline, TabularInline
    from unfold.contrib.filters.admin import AutocompleteSelectFilter as AutocompleteFilter
    from unfold.contrib.filters.admin import DropdownFilter
    from unfold.contrib.filters.admin import MultipleChoicesDropdownFilter as ChoicesFilter
    from unfold.contrib.filters.admin import RangeDateFilter as DateRangeFilter
    from unfold.contrib.filters.admin import RelatedDropdownFilter as RelatedFilter
    from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
    from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget as CheckboxesWidget
    from unfold.widgets import UnfoldAdminExpandableTextareaWidget as TextareaWidget
    from unfold.widgets import UnfoldAdminPasswordWidget as PasswordWidget
    from unfold.widgets import UnfoldAdminSelectWidget as SelectWidget
    from unfold.widgets import UnfoldAdminTextInputWidget as TextWidget
    from unfold.widgets import UnfoldBooleanWidget as CheckboxWidget

__all__ = [
    "AdminPasswordChangeForm",
    "AutocompleteFilter",
    "CheckboxWidget",
    "CheckboxesWidget",
    "ChoicesFilter",
    "DateRangeFilter",
    "DropdownFilter",
    "ModelAdmin",
    "ModelForm",
    "PasswordWidget",
    "RelatedFilter",
    "SearchResult",
    "SelectWidget",
    "StackedInline",
    "TabularInline",
    "TextWidget",
    "TextareaWidget",
    "UserChangeForm",
    "UserCreationForm",
]
