"""What happened elsewhere, as received; what it was about; and what was refused at the door."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

MATCHED = ~Q(state="received")
TEST_KEY = "hub-test:"  # how the dedup key of a test request begins, and of nothing else


class Reference(models.Model):
    """A ticket, issue or document in one source. Keyed by its id and when it was created there:
    ids repeat between systems and are reused."""

    source = models.ForeignKey("hub.Source", models.CASCADE, related_name="references")
    external_id = models.CharField(max_length=200)
    created_marker = models.CharField(max_length=64, blank=True)
    display = models.CharField(_("reference"), max_length=200)
    title = models.CharField(_("title"), max_length=300, blank=True)
    url = models.CharField(max_length=2000, blank=True)
    is_private = models.BooleanField(default=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("reference")
        verbose_name_plural = _("references")
        constraints = [
            models.UniqueConstraint(
                fields=["source", "external_id", "created_marker"],
                name="reference_unique_per_source",
            )
        ]
        indexes = [
            # Search in the admin and /hub why: "where is ZD#74001?"
            # By prefix too, whatever collation PostgreSQL has.
            models.Index(
                fields=["display"],
                opclasses=["varchar_pattern_ops"],
                name="reference_by_display",
            ),
        ]

    def __str__(self) -> str:
        return self.display


class Event(models.Model):
    """One request of a source, stored before any work. The rest is filled in by the drain."""

    class State(models.TextChoices):
        RECEIVED = "received", _("received")
        MATCHED = "matched", _("matched")
        UNMATCHED = "unmatched", _("no rule")
        IGNORED = "ignored", _("ignored")
        UNKNOWN = "unknown", _("unknown")
        FAILED = "failed", _("failed")

    # Foreign keys without an index of their own: those below begin with them, and each index
    # costs every webhook a write.
    source = models.ForeignKey("hub.Source", models.CASCADE, related_name="events", db_index=False)
    token = models.ForeignKey(
        "hub.WebhookToken",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="events",
        db_index=False,
    )
    dedup_key = models.CharField(max_length=200)
    duplicate_count = models.PositiveIntegerField(_("duplicates"), db_default=0)
    received_at = models.DateTimeField(_("received"), db_default=Now())
    body = models.BinaryField(db_default=b"")
    headers = models.JSONField(db_default={})
    query = models.JSONField(db_default={})
    event_hint = models.CharField(max_length=100, db_default="")
    address = models.CharField(_("sender"), max_length=45, db_default="")
    is_polled = models.BooleanField(db_default=False)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, db_default=State.RECEIVED
    )
    # Filled in by matching:
    kinds = models.JSONField(_("kinds"), db_default=[])
    kind = models.CharField(_("kind"), max_length=60, db_default="")
    reference = models.ForeignKey(
        Reference, models.SET_NULL, null=True, blank=True, related_name="events", db_index=False
    )
    title = models.CharField(_("title"), max_length=300, db_default="")
    url = models.CharField(max_length=2000, db_default="")
    actor = models.CharField(_("by"), max_length=200, db_default="")
    severity = models.CharField(max_length=10, db_default="info")
    is_private = models.BooleanField(_("private"), db_default=False)
    is_enriched = models.BooleanField(db_default=False)
    data = models.JSONField(db_default={})
    note = models.CharField(
        _("note"), max_length=500, db_default=""
    )  # why ignored, unknown or failed
    trace = models.JSONField(db_default=[])  # which rules were asked, and what they answered
    matched_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["-id"]
        permissions = [("replay", "Can send events through the rules again")]
        constraints = [
            models.UniqueConstraint(fields=["source", "dedup_key"], name="event_unique_per_source")
        ]
        indexes = [
            # The matcher's queue, in order of receipt.
            models.Index(fields=["id"], condition=Q(state="received"), name="event_to_match"),
            # The others hold matched events only, so that receiving does not pay for them.
            # The admin's list: filter by state or kind, newest first.
            models.Index(fields=["state", "-id"], condition=MATCHED, name="event_by_state"),
            models.Index(fields=["kind", "-id"], condition=MATCHED, name="event_by_kind"),
            # The watch over silence, and the admin's filter by source.
            models.Index(fields=["source", "-id"], condition=MATCHED, name="event_by_source"),
            # The last event before this one on the same reference, for "changed" conditions.
            models.Index(fields=["reference", "-id"], condition=MATCHED, name="event_by_reference"),
            # Pruning by age, and the list's time filter.
            models.Index(fields=["received_at"], condition=MATCHED, name="event_by_age"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.kind or self.state} {self.title}".strip()

    @property
    def is_test(self) -> bool:
        """Sent out of the admin to try a source: its messages say so."""
        return self.dedup_key.startswith(TEST_KEY)


class Refusal(models.Model):
    """A request that was turned away, so that nothing is lost from sight. Repeats are counted."""

    token = models.ForeignKey(
        "hub.WebhookToken", models.SET_NULL, null=True, blank=True, related_name="refusals"
    )
    reason = models.CharField(_("reason"), max_length=200)
    status_code = models.PositiveSmallIntegerField(_("answered"))
    path = models.CharField(_("path"), max_length=60)  # the token is cut to its prefix
    address = models.CharField(_("sender"), max_length=45, blank=True)
    size = models.PositiveIntegerField(_("bytes"), default=0)
    content_type = models.CharField(_("content type"), max_length=100, blank=True)
    body_excerpt = models.TextField(blank=True)  # 2 kB at most
    repeat_count = models.PositiveIntegerField(_("times"), default=1)
    minute = models.DateTimeField()  # repeats within it share a row
    received_at = models.DateTimeField(_("received"))

    class Meta:
        verbose_name = _("refused request")
        verbose_name_plural = _("refused requests")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["minute", "path", "reason", "address"], name="refusal_unique_per_minute"
            )
        ]

    def __str__(self) -> str:
        return f"{self.status_code} {self.reason}"
