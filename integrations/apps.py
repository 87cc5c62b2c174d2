"""Finds every package beside this file and registers its INTEGRATION and DESTINATION."""

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from django.apps import AppConfig

from hub import registry


class IntegrationsConfig(AppConfig):
    name = "integrations"

    def ready(self) -> None:
        for module in iter_modules([str(Path(__file__).parent)]):
            if module.ispkg:
                package = import_module(f"integrations.{module.name}")
                for name in ("INTEGRATION", "DESTINATION"):
                    if (plugged := getattr(package, name, None)) is not None:
                        registry.register(plugged)
