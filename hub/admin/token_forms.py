"""The forms of webhook tokens: issuing one, and rotating one."""

from datetime import timedelta
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from hub.admin.secret_fields import SecretForm
from hub.admin.theme import CheckboxWidget, SelectWidget, TextWidget
from hub.models import WebhookToken

OVERLAPS: Final = (  # in hours: how long the old token stays valid beside the new one
    ("1", _("1 hour")),
    ("24", _("24 hours")),
    ("168", _("7 days")),
    ("", _("until it is revoked")),
)
DEFAULT_OVERLAP: Final = "24"


class TokenForm(SecretForm):
    """On the page that issues a token, a button makes up a signing secret."""

    class Meta:
        model = WebhookToken
        fields = "__all__"  # narrowed by the fieldsets
        widgets = {"label": TextWidget(), "event_hint": TextWidget()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "signing_secret" in self.fields:
            self.fields["signing_secret"].widget.can_generate = True


class RotateForm(forms.Form):
    """What becomes of the old token, and whether the new one signs with another secret."""

    overlap = forms.ChoiceField(
        label=_("The old address stays valid"),
        choices=OVERLAPS,
        required=False,
        widget=SelectWidget,
    )
    new_secret = forms.BooleanField(
        label=_("Make a new signing secret"), required=False, widget=CheckboxWidget
    )

    @property
    def overlap_time(self) -> timedelta | None:
        """None: until it is revoked."""
        hours = self.cleaned_data["overlap"]
        return timedelta(hours=int(hours)) if hours else None
