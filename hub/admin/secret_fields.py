"""Form fields of secrets: typed in, never shown again, kept when left empty."""

from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from hub.admin.theme import ModelForm
from hub.admin.widgets import Credentials, CredentialsInput, Removed, SecretInput
from hub.fields import EncryptedField
from hub.secrets import new_token


class SecretField(forms.CharField):
    """Empty means: as it was. `kept` is set by SecretForm."""

    widget = SecretInput
    kept = ""

    def clean(self, value: Any) -> str:
        if value is Removed:
            return ""
        return super().clean(value) or self.kept

    def has_changed(self, initial: Any, data: Any) -> bool:
        return data is Removed or bool(data)


class CredentialsField(forms.Field):
    widget = CredentialsInput
    kept: Credentials = {}

    def clean(self, value: Any) -> Credentials:
        found = {name: text or self.kept.get(name, "") for name, text in value or ()}
        return {name: text for name, text in found.items() if text and text is not Removed}

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.clean(data) != self.kept


class SecretForm(ModelForm):
    """A form whose EncryptedFields have been given the fields above (`secret_formfield`)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if isinstance(field, SecretField | CredentialsField):
                field.kept = field.widget.kept = getattr(self.instance, name) or type(field).kept
                self.initial.pop(name, None)

    def full_clean(self) -> None:
        """A refused form comes back without its secrets: that is said, not left to be noticed."""
        super().full_clean()
        if self.is_bound and self.errors:
            for name, field in self.fields.items():
                if isinstance(field, SecretField) and self.data.get(self.add_prefix(name)):
                    self.add_error(name, _("Type it once more: secrets are not sent back."))


def secret_formfield(db_field: EncryptedField) -> forms.Field:
    """What an EncryptedField looks like in every form of the admin."""
    label = capfirst(db_field.verbose_name)
    if db_field.is_json:
        return CredentialsField(label=label, required=False, help_text=db_field.help_text)
    return SecretField(label=label, required=False, help_text=db_field.help_text)


def new_signing_secret() -> str:
    return new_token() + new_token()
