"""The forms of a server's pages: a new channel, a new webhook, a new token, a new bot."""

from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from hub.admin.theme import CheckboxWidget, SelectWidget, TextWidget
from hub.models import Channel, MattermostServer
from hub.models.channels import NAMED_PREFIXES
from hub.validators import validate_channel_name

NO_PREFIX: Final = ("", _("none: outside the conventions"))
PEOPLE: Final = (Channel.Kind.DIRECT, Channel.Kind.GROUP)


class NewChannelForm(forms.Form):
    """A name within the conventions, or one without a prefix that is warned about."""

    beginning = forms.ChoiceField(
        label=_("Begins with"),
        choices=[*((one, one) for one in NAMED_PREFIXES), NO_PREFIX],
        required=False,
        initial=NAMED_PREFIXES[0],
        widget=SelectWidget,
    )
    rest = forms.CharField(label=_("name"), max_length=60, widget=TextWidget)
    display_name = forms.CharField(
        label=_("display name"), max_length=64, required=False, widget=TextWidget
    )
    purpose = forms.CharField(label=_("purpose"), max_length=250, required=False, widget=TextWidget)
    is_private = forms.BooleanField(
        label=_("private: only who is invited can read it"), required=False, widget=CheckboxWidget
    )

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        found["name"] = found.get("beginning", "") + found.get("rest", "").strip()
        try:
            validate_channel_name(found["name"])
        except ValidationError as error:
            self.add_error("rest", error)
        return found


class NewHookForm(forms.Form):
    """For a channel that the hub knows."""

    channel = forms.ModelChoiceField(
        label=_("channel"), queryset=Channel.objects.none(), widget=SelectWidget
    )
    is_used = forms.BooleanField(
        label=_("the hub posts through it from now on"), required=False, widget=CheckboxWidget
    )

    def __init__(self, *args: Any, server: MattermostServer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["channel"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = server.channels.exclude(kind__in=PEOPLE)


class NewTokenForm(forms.Form):
    description = forms.CharField(label=_("what it is for"), max_length=100, widget=TextWidget)


class NewBotForm(forms.Form):
    username = forms.RegexField(
        r"^[a-z0-9._-]{3,22}$", label=_("user name"), widget=TextWidget, max_length=22
    )
    display_name = forms.CharField(
        label=_("display name"), max_length=64, required=False, widget=TextWidget
    )
