"""Sentences an admin reads: in his language once Django is set up, in English without it."""

from django.conf import settings
from django.utils.translation import gettext


def sentence(text: str, **values: object) -> str:
    """`text` translated, with `{name}` filled in. Import it as `_`: makemessages looks for that."""
    return (gettext(text) if settings.configured else text).format(**values)
