"""The configuration version: it grows with every change of rules, channels, sources or tokens."""

from django.contrib import admin

from hub.admin.base import LogAdmin
from hub.models import ConfigVersion


@admin.register(ConfigVersion)
class ConfigVersionAdmin(LogAdmin):
    list_display = ("version",)
