"""Where messages go: a Mattermost server and its channels."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from hub.fields import EncryptedField
from hub.models.quiet import QuietTime
from hub.validators import validate_channel_name, validate_origin, validate_zone

NAMED_PREFIXES = ("team-", "project-", "topic-", "alert-")


class MattermostServer(models.Model):
    """One Mattermost team with the bot that posts there, and whether it is up."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    base_url = models.CharField(
        _("address"),
        max_length=200,
        validators=[validate_origin],
        help_text=_("As people type it: https://mattermost.example.test"),
    )
    team = models.CharField(_("team"), max_length=64, help_text=_("The name in the address."))
    bot_token = EncryptedField(
        _("bot token"),
        blank=True,
        help_text=_("Of a bot account, or env:NAME to read it from the environment."),
    )
    admin_token = EncryptedField(
        _("administrator's token"),
        blank=True,
        help_text=_(
            "For what the bot may not do: creating channels, commands, webhooks and tokens. A "
            "personal access token, used when somebody presses a button here. Empty: the bot tries."
        ),
    )
    reminders_channel = models.ForeignKey(
        "hub.Channel",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("channel for reminders"),
        help_text=_("Where it is said that a token or another secret is to be rotated."),
    )
    bot_user_id = models.CharField(
        _("user id of the bot"), max_length=26, blank=True, editable=False
    )
    bot_username = models.CharField(_("bot"), max_length=64, blank=True, editable=False)
    team_id = models.CharField(_("team id"), max_length=26, blank=True, editable=False)
    server_version = models.CharField(_("version"), max_length=80, blank=True, editable=False)
    has_verified_emails = models.BooleanField(
        _("verifies e-mail addresses"),
        default=False,
        help_text=_(
            "Only if nobody can enter somebody else's address there: by single sign-on, or with "
            "RequireEmailVerification on. People may then write as the accounts that were matched "
            "by e-mail; otherwise an administrator confirms each one first."
        ),
    )
    is_active = models.BooleanField(_("active"), default=True)
    # The breaker: while down_since is set, deliveries are held and one probe is sent at probe_at.
    down_since = models.DateTimeField(_("down since"), null=True, blank=True, editable=False)
    probe_at = models.DateTimeField(null=True, blank=True, editable=False)
    failure_count = models.PositiveIntegerField(default=0, editable=False)
    history = HistoricalRecords(
        excluded_fields=["bot_token", "admin_token", "down_since", "probe_at", "failure_count"]
    )

    class Meta:
        verbose_name = _("Mattermost server")
        verbose_name_plural = _("Mattermost servers")

    def __str__(self) -> str:
        return self.name


class Channel(QuietTime):
    """A channel, direct or group message that can be a destination."""

    class Kind(models.TextChoices):
        PUBLIC = "public", _("public channel")
        PRIVATE = "private", _("private channel")
        GROUP = "group", _("group message")
        DIRECT = "direct", _("direct message")

    class PostVia(models.TextChoices):
        BOT = "bot", _("bot account")
        INCOMING_WEBHOOK = "incoming_webhook", _("incoming webhook (no threads, may double)")

    class Threading(models.TextChoices):
        THREAD = "thread", _("one thread per ticket")
        BROADCAST = "broadcast", _("in the thread and again in the channel")
        FLAT = "flat", _("every message on its own")

    class ThreadReplies(models.TextChoices):
        OFF = "off", _("stay in Mattermost")
        NOTES = "notes", _("become internal notes in the ticket")

    server = models.ForeignKey(
        MattermostServer, models.PROTECT, related_name="channels", verbose_name=_("server")
    )
    name = models.CharField(
        _("name"),
        max_length=200,
        validators=[validate_channel_name],
        help_text=_("The name in the address; @user for a direct message; @a,@b for a group."),
    )
    display_name = models.CharField(_("display name"), max_length=64, blank=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.PUBLIC)
    purpose = models.CharField(_("purpose"), max_length=250, blank=True)
    channel_id = models.CharField(
        _("Mattermost id"),
        max_length=26,
        blank=True,
        help_text=_("Found by the name when left empty; survives a renaming."),
    )
    post_via = models.CharField(
        _("posted by"), max_length=20, choices=PostVia.choices, default=PostVia.BOT
    )
    webhook_url = EncryptedField(
        _("incoming webhook address"), blank=True, help_text=_("Or env:NAME.")
    )
    is_cleared_for_private = models.BooleanField(
        _("cleared for private items"),
        default=False,
        help_text=_("Private notes and confidential tickets are withheld elsewhere."),
    )
    threading = models.CharField(
        _("threading"), max_length=10, choices=Threading.choices, default=Threading.THREAD
    )
    thread_replies = models.CharField(
        _("replies in threads"),
        max_length=10,
        choices=ThreadReplies.choices,
        default=ThreadReplies.OFF,
        help_text=_(
            "What people answer under a ticket's card. They are heard by manage.py listen, and in "
            "public channels also by an outgoing webhook."
        ),
    )
    language = models.CharField(
        _("language"), max_length=5, choices=[("en", "English"), ("nl", "Nederlands")], default="en"
    )
    zone = models.CharField(
        _("time zone"), max_length=50, default="Europe/Amsterdam", validators=[validate_zone]
    )
    max_posts_per_minute = models.PositiveIntegerField(
        _("posts per minute at most"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Empty: no limit. More are delayed, never dropped."),
    )
    is_paused = models.BooleanField(
        _("paused"), default=False, help_text=_("Messages are held until you resume.")
    )
    problem = models.CharField(_("problem"), max_length=500, blank=True, editable=False)
    checked_at = models.DateTimeField(_("checked"), null=True, blank=True, editable=False)
    # The token bucket of max_posts_per_minute, shared by all drains.
    tokens = models.FloatField(default=0, editable=False)
    tokens_at = models.DateTimeField(null=True, editable=False)
    # Replies in threads are read up to here; where the connection broke off, it goes on.
    heard_until = models.DateTimeField(null=True, editable=False)
    history = HistoricalRecords(
        excluded_fields=[
            "webhook_url",
            "problem",
            "checked_at",
            "tokens",
            "tokens_at",
            "heard_until",
        ]
    )

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["server", "name"], name="channel_unique_per_server")
        ]

    def __str__(self) -> str:
        return self.name if self.name.startswith("@") else f"~{self.name}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """What was said while nobody was to listen stays where it was said."""
        if self.thread_replies == self.ThreadReplies.OFF:
            self.heard_until = None
        super().save(*args, **kwargs)

    def clean(self) -> None:
        super().clean()
        people = self.name.startswith("@")
        if people != (self.kind in (self.Kind.DIRECT, self.Kind.GROUP)):
            raise ValidationError({"name": _("Direct and group messages are written as @user.")})
        if self.kind == self.Kind.GROUP and not 2 <= self.name.count("@") <= 7:
            raise ValidationError({"name": _("A group is two to seven people: @anja,@bart.")})
        if self.post_via == self.PostVia.INCOMING_WEBHOOK and not self.webhook_url:
            raise ValidationError({"webhook_url": _("Needed to post by incoming webhook.")})
