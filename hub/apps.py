"""The app: its checks, and the noticing of changed configuration."""

from importlib import import_module

from django.apps import AppConfig


class HubConfig(AppConfig):
    name = "hub"
    verbose_name = "Hub"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import_module("hub.checks")
        import_module("hub.configuration_changes").connect()
