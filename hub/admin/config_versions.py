"""The configuration version: it grows with every change of rules, channels, sources or tokens."""

from django.contrib import admin

from hub.admin.base import ReadOnlyAdmin
from hub.models import ConfigVersion


@admin.register(ConfigVersion)
class ConfigVersionAdmin(ReadOnlyAdmin):
    list_display = ("version",)
