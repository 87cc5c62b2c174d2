"""How old every secret is, and those that a new one has replaced."""

from datetime import datetime, timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from hub.fields import EncryptedField

REMIND_AFTER_DAYS = 90


class Credential(models.Model):
    """One secret that the hub uses or accepts: since when, and when to be reminded of it.

    The secret itself lies with its owner. Only credentials.py writes these rows.
    """

    class Sort(models.TextChoices):
        BOT_TOKEN = "bot_token", _("bot token")
        ADMIN_TOKEN = "admin_token", _("administrator's token")
        INCOMING_WEBHOOK = "incoming_webhook", _("incoming webhook")
        COMMAND_TOKEN = "command_token", _("token of a slash command")
        OUTGOING_TOKEN = "outgoing_token", _("token of an outgoing webhook")
        WEBHOOK_TOKEN = "webhook_token", _("webhook token")
        SOURCE_CREDENTIAL = "source_credential", _("credential of a source")

    sort = models.CharField(_("sort"), max_length=20, choices=Sort.choices, editable=False)
    owner_id = models.BigIntegerField(editable=False)  # in the table that the sort belongs to
    name = models.CharField(max_length=100, blank=True, editable=False)  # of a source's credential
    label = models.CharField(_("of"), max_length=200, editable=False)
    fingerprint = models.CharField(max_length=64, editable=False)  # keyed: tells a change, no more
    external_id = models.CharField(max_length=26, blank=True, editable=False)  # of a token there
    since_at = models.DateTimeField(_("in use since"), editable=False)
    remind_after_days = models.PositiveSmallIntegerField(
        _("remind after days"), default=REMIND_AFTER_DAYS, help_text=_("0: never.")
    )
    reminded_at = models.DateTimeField(_("reminded"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("credential")
        verbose_name_plural = _("credentials")
        ordering = ["since_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["sort", "owner_id", "name"], name="credential_unique_per_owner"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_sort_display()}: {self.label}"

    def is_old(self, now: datetime) -> bool:
        limit = timedelta(days=self.remind_after_days)
        return bool(self.remind_after_days) and now - self.since_at >= limit


class ReplacedSecret(models.Model):
    """What a new one has replaced in Mattermost: valid until it is taken away there."""

    class Sort(models.TextChoices):
        INCOMING_WEBHOOK = "incoming_webhook", _("incoming webhook")
        ACCESS_TOKEN = "access_token", _("access token")

    server = models.ForeignKey(
        "hub.MattermostServer",
        models.CASCADE,
        related_name="replaced_secrets",
        verbose_name=_("Mattermost server"),
    )
    sort = models.CharField(_("sort"), max_length=20, choices=Sort.choices)
    external_id = EncryptedField()  # of a webhook it is the secret itself
    label = models.CharField(_("of"), max_length=200)
    due_at = models.DateTimeField(_("taken away at"), db_index=True)
    problem = models.CharField(_("problem"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("replaced secret")
        verbose_name_plural = _("replaced secrets")
        ordering = ["due_at", "id"]

    def __str__(self) -> str:
        return f"{self.get_sort_display()}: {self.label}"
