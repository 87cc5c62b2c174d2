"""Where events come from: sources, what is remembered of them, and their inbound credentials."""

from collections.abc import Mapping
from datetime import datetime

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from hub import registry, secrets
from hub.fields import EncryptedField
from hub.validators import validate_origin

BUILT_IN_SOURCE = "hub"  # owns what the hub itself reports


class Source(models.Model):
    """One configured external system: "Zammad production"."""

    integration = models.CharField(
        _("integration"), max_length=50, choices=registry.choices, db_index=True
    )
    name = models.CharField(_("name"), max_length=100, unique=True)
    base_url = models.CharField(
        _("address"),
        max_length=200,
        blank=True,
        validators=[validate_origin],
        help_text=_("Of the system itself; links and look-ups start here."),
    )
    extra_origins = models.TextField(
        _("other addresses it may call"),
        blank=True,
        help_text=_("One a line: https://host[:port]. The hub calls no address not listed."),
    )
    credentials = EncryptedField(
        _("credentials"),
        is_json=True,
        blank=True,
        default=dict,
        help_text=_("Name and value; env:NAME reads the value from the environment."),
    )
    options = models.JSONField(_("options"), default=dict, blank=True)
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Switched off: its requests are stored, not sent on")
    )
    created_at = models.DateTimeField(auto_now_add=True)
    history = HistoricalRecords(excluded_fields=["credentials"])

    class Meta:
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def resolved_credentials(self) -> Mapping[str, str]:
        return {name: secrets.resolve(str(value)) for name, value in self.credentials.items()}


class SourceState(models.Model):
    """A cursor or last known state, by key; saved with the rows it led to."""

    source = models.ForeignKey(
        Source, models.CASCADE, related_name="states", verbose_name=_("source")
    )
    key = models.CharField(_("key"), max_length=200)
    value = models.JSONField(_("value"), null=True)
    updated_at = models.DateTimeField(_("last change"), default=timezone.now)

    class Meta:
        verbose_name = _("source state")
        verbose_name_plural = _("source states")
        constraints = [
            models.UniqueConstraint(fields=["source", "key"], name="state_unique_per_source")
        ]

    def __str__(self) -> str:
        return self.key


class WebhookToken(models.Model):
    """An inbound credential: the secret part of `/hooks/<token>`. Shown once, stored hashed."""

    source = models.ForeignKey(
        Source, models.CASCADE, related_name="tokens", verbose_name=_("source")
    )
    label = models.CharField(_("label"), max_length=100, blank=True)
    prefix = models.CharField(_("starts with"), max_length=secrets.PREFIX_LENGTH, editable=False)
    sha256 = models.CharField(max_length=64, unique=True, editable=False)
    signing_secret = EncryptedField(
        _("signing secret"),
        blank=True,
        help_text=_("What the sender signs with. Empty: the address alone is the credential."),
    )
    previous_signing_secret = EncryptedField(
        _("previous signing secret"),
        blank=True,
        help_text=_("Still accepted while the sender is being switched over."),
    )
    event_hint = models.CharField(
        _("event hint"),
        max_length=100,
        blank=True,
        help_text=_("Says which event arrives here where the payload does not; ?event= wins."),
    )
    default_channel = models.ForeignKey(
        "hub.Channel",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="default_for_tokens",
        verbose_name=_("default channel"),
        help_text=_("For Mattermost-compatible senders that name no channel."),
    )
    allowed_channels = models.ManyToManyField(
        "hub.Channel",
        blank=True,
        related_name="allowed_for_tokens",
        verbose_name=_("allowed channels"),
        help_text=_("The channels a Mattermost-compatible sender may name."),
    )
    may_mention = models.BooleanField(
        _("may mention"),
        default=False,
        help_text=_("Lets its text mention people and @channel. Otherwise mentions are broken."),
    )
    is_test = models.BooleanField(
        default=False, editable=False, help_text=_("For one test request out of the admin.")
    )
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    history = HistoricalRecords(
        excluded_fields=["sha256", "signing_secret", "previous_signing_secret", "last_used_at"]
    )

    class Meta:
        verbose_name = _("webhook token")
        verbose_name_plural = _("webhook tokens")

    def __str__(self) -> str:
        return f"…/hooks/{self.prefix}… {self.label}".strip()

    def is_valid(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)
