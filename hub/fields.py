"""A model field that is encrypted in the database and plain in Python."""

import json
from typing import TYPE_CHECKING, Any

from django.db import models

from hub.secrets import decrypt, encrypt

if TYPE_CHECKING:
    TextField = models.TextField[Any, Any]
else:
    TextField = models.TextField  # not subscriptable at run time


class EncryptedField(TextField):
    """Text or JSON that is Fernet-encrypted in the database and plain in Python.

    Encrypting the same value twice gives different text, so it can be neither looked up nor sorted.
    """

    def __init__(self, *args: Any, is_json: bool = False, **kwargs: Any) -> None:
        self.is_json = is_json
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        if self.is_json:
            kwargs["is_json"] = True
        return name, path, args, kwargs

    def to_python(self, value: Any) -> Any:
        """Also what dumpdata wrote: JSON as text."""
        if not self.is_json:
            return super().to_python(value)
        return json.loads(value or "{}") if isinstance(value, str) else value

    def value_to_string(self, obj: models.Model) -> str:
        value = self.value_from_object(obj)
        return json.dumps(value) if self.is_json else str(value)

    def get_prep_value(self, value: Any) -> str | None:
        if value in (None, "", {}):
            return ""
        return encrypt(json.dumps(value) if self.is_json else str(value))

    def from_db_value(self, value: str | None, _expression: Any, _connection: Any) -> Any:
        if not value:
            return {} if self.is_json else ""
        return json.loads(decrypt(value)) if self.is_json else decrypt(value)
