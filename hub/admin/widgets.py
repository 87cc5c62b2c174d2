"""Inputs that the theme has not: secrets, credentials, kinds of events."""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from django import forms
from django.forms.renderers import BaseRenderer
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from hub import registry
from hub.admin.theme import PasswordWidget
from hub.secrets import ENVIRONMENT_PREFIX

REMOVE: Final = "_remove"  # the box beside the field
NEW_ROWS: Final = 2  # empty rows under the known credentials

Credentials: TypeAlias = Mapping[str, str]


class PageWidget(forms.Widget):
    """Drawn by the project's templates; Django's forms look in those of apps only."""

    def render(
        self,
        name: str,
        value: Any,
        attrs: dict[str, Any] | None = None,
        renderer: BaseRenderer | None = None,
    ) -> SafeString:
        return render_to_string(str(self.template_name), self.get_context(name, value, attrs))


class Removed:
    """What the widget hands over when the box is ticked."""


class SecretInput(PageWidget, PasswordWidget):
    """Says whether one is set, without showing it; `env:NAME` is no secret and is shown."""

    template_name = "hub/widgets/secret.html"
    kept = ""
    can_generate = False

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, None, {"autocomplete": "new-password", **(attrs or {})})
        is_named = self.kept.startswith(ENVIRONMENT_PREFIX)
        return context | {
            "is_set": bool(self.kept),
            "environment": self.kept if is_named else "",
            "can_generate": self.can_generate,
            "remove_name": name + REMOVE,
        }

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return (
            Removed if data.get(name + REMOVE) else super().value_from_datadict(data, files, name)
        )


class CredentialsInput(PageWidget):
    """Name and value rows; the values that are known are shown as dots."""

    template_name = "hub/widgets/credentials.html"
    kept: Credentials = {}
    names: tuple[str, ...] = ()

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        names = [*dict.fromkeys((*self.names, *self.kept)), *[""] * NEW_ROWS]
        context["rows"] = [self._row(one) for one in names]
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[tuple[str, Any]]:
        names, values = data.getlist(f"{name}_name"), data.getlist(f"{name}_value")
        removed = set(data.getlist(name + REMOVE))
        return [
            (key.strip(), Removed if key.strip() in removed else value)
            for key, value in zip(names, values, strict=False)
            if key.strip()
        ]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return f"{name}_name" not in data

    def _row(self, name: str) -> dict[str, object]:
        value = self.kept.get(name, "")
        environment = value if value.startswith(ENVIRONMENT_PREFIX) else ""
        return {"name": name, "is_set": bool(value), "environment": environment}


class KindsInput(PageWidget, forms.CheckboxSelectMultiple):
    """Boxes under the name of their integration; the page shows those of the chosen one."""

    template_name = "hub/widgets/kinds.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["labels"] = dict(registry.choices())
        return context
