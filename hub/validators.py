"""What an admin can type, checked: addresses, channel names, zones, header names."""

import re
import zoneinfo
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

CHANNEL_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")  # Mattermost model/channel.go
USER_NAMES = re.compile(r"@[a-z0-9._-]{1,64}(,\s*@[a-z0-9._-]{1,64})*")


def validate_origin(value: str) -> None:
    """An http(s) address without user, query or fragment."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValidationError(_("Write an address that starts with https:// or http://"))
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValidationError(_("Leave out user name, password, ? and #."))


def validate_channel_name(value: str) -> None:
    if value.startswith("@"):
        if not USER_NAMES.fullmatch(value):
            raise ValidationError(_("Write people as @anja or @anja,@bart."))
    elif not CHANNEL_NAME.fullmatch(value) or re.fullmatch(r"[0-9a-f]{40}", value):
        raise ValidationError(
            _("Use the name in the channel's address: small letters, digits, - and _.")
        )


def validate_zone(value: str) -> None:
    if value not in zoneinfo.available_timezones():
        raise ValidationError(_("Not a time zone. Examples: Europe/Amsterdam, UTC."))
