"""Deliveries and their attempts: what was sent where, when, or why not."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Delivery(models.Model):
    """One message for one channel. Only delivering.py changes its state.

    Foreign keys have no index of their own where one of Meta.indexes begins with them.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("pending")
        SENDING = "sending", _("sending")
        DELIVERED = "delivered", _("delivered")
        FAILED = "failed", _("will be retried")
        HELD = "held", _("held")
        DEAD = "dead", _("dead letter")
        SUPPRESSED = "suppressed", _("suppressed")
        CANCELLED = "cancelled", _("cancelled")

    class Action(models.TextChoices):
        POST = "post", _("post")
        EDIT = "edit", _("edit of the card")
        REACT = "react", _("reaction")
        COUNT = "count", _("count of repeats")  # at the end of a post that stands for several

    OPEN_STATES = (State.PENDING, State.SENDING, State.FAILED, State.HELD)

    # props.hub_key: Mattermost is asked for it, this table is not. An index over random values
    # would cost more than any other, three times a delivery.
    key = models.UUIDField(default=uuid.uuid4, editable=False)
    event = models.ForeignKey(
        "hub.Event", models.SET_NULL, null=True, related_name="deliveries", verbose_name=_("event")
    )
    rule = models.ForeignKey(
        "hub.TriggerRule",
        models.SET_NULL,
        null=True,
        related_name="deliveries",
        verbose_name=_("rule"),
        db_index=False,
    )
    channel = models.ForeignKey(
        "hub.Channel",
        models.PROTECT,
        related_name="deliveries",
        verbose_name=_("channel"),
        db_index=False,
    )
    server = models.ForeignKey(
        "hub.MattermostServer", models.PROTECT, related_name="deliveries", db_index=False
    )  # of the channel, for the claim
    reference = models.ForeignKey(
        "hub.Reference",
        models.SET_NULL,
        null=True,
        related_name="deliveries",
        verbose_name=_("reference"),
        db_index=False,
    )
    action = models.CharField(
        _("action"), max_length=5, choices=Action.choices, default=Action.POST
    )
    message = models.JSONField(default=dict)
    is_threaded = models.BooleanField(default=False)  # stands under the root of its reference
    part = models.PositiveSmallIntegerField(default=1)  # of a text longer than one post
    generation = models.PositiveSmallIntegerField(default=1)  # counts wanted repeats
    lane = models.CharField(max_length=64)  # what must keep its order: the thread, or only itself
    urgency = models.SmallIntegerField(default=0)  # higher goes first after an outage
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.PENDING
    )
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    trace = models.JSONField(default=dict)  # why this rule: each condition with its actual value
    # Against noise: none of it is set where no rule asks for it.
    told_in = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="tells",
        verbose_name=_("told in"),
        db_index=False,
    )  # the delivery whose post stands for this one too
    told_count = models.PositiveIntegerField(default=0, db_default=0)  # how many it stands for
    told_last_at = models.DateTimeField(null=True, blank=True)  # the last of them
    repeat_key = models.CharField(max_length=64, blank=True, default="", db_default="")
    gather_key = models.CharField(max_length=64, blank=True, default="", db_default="")
    withheld_by = models.CharField(
        _("withheld by"), max_length=40, blank=True, default="", db_default=""
    )  # “silence:12”, “outage:3”, “maintenance:4”
    attempt_count = models.PositiveSmallIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("due"))
    claimed_at = models.DateTimeField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    unknown_since = models.DateTimeField(
        null=True, blank=True
    )  # an attempt since then may have been posted all the same
    post_id = models.CharField(_("post"), max_length=26, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )  # who asked for the redelivery under way
    created_at = models.DateTimeField(_("created"))
    delivered_at = models.DateTimeField(_("delivered"), null=True, blank=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["-id"]
        permissions = [("redeliver", "Can redeliver and cancel deliveries")]
        constraints = [
            models.UniqueConstraint(
                fields=["event", "channel", "action", "is_threaded", "part", "generation"],
                condition=~Q(state="suppressed"),
                name="delivery_unique_per_event_and_channel",
            )
        ]
        indexes = [
            # claim_deliveries: what is due now, of one server.
            models.Index(
                fields=["server", "-urgency", "due_at", "id"],
                condition=Q(state__in=["pending", "failed", "sending"]),
                name="delivery_due",
            ),
            # claim_deliveries: is anything older open in this lane?
            models.Index(
                fields=["lane", "id"],
                condition=Q(state__in=["pending", "sending", "failed", "held"]),
                name="delivery_open_in_lane",
            ),
            # The admin's list: state, channel, rule or reference, newest first.
            models.Index(fields=["state", "-id"], name="delivery_by_state"),
            models.Index(fields=["channel", "-id"], name="delivery_by_channel"),
            models.Index(fields=["rule", "-id"], name="delivery_by_rule"),
            models.Index(fields=["reference", "-id"], name="delivery_by_reference"),
            # Gathering: the last message of the same thing; the window that is open.
            models.Index(
                fields=["repeat_key", "-id"],
                condition=~Q(repeat_key=""),
                name="delivery_by_repeat_key",
            ),
            models.Index(
                fields=["gather_key"],
                condition=Q(state="pending") & ~Q(gather_key=""),
                name="delivery_open_window",
            ),
            # The admin: what one post tells, what one silence or outage withheld. Pruning.
            models.Index(
                fields=["told_in", "-id"],
                condition=Q(told_in__isnull=False),
                name="delivery_by_teller",
            ),
            models.Index(
                fields=["withheld_by", "-id"],
                condition=~Q(withheld_by=""),
                name="delivery_by_withholder",
            ),
            # Pruning by age, and the list's time filter.
            models.Index(fields=["created_at"], name="delivery_by_age"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.get_state_display()}"


class Attempt(models.Model):
    """One try of a delivery; a redelivery is an attempt that a person asked for."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="attempts")
    number = models.PositiveSmallIntegerField(_("number"))
    started_at = models.DateTimeField(_("started"))
    duration_ms = models.PositiveIntegerField(_("took (ms)"), default=0)
    status_code = models.PositiveSmallIntegerField(_("status"), null=True, blank=True)
    is_success = models.BooleanField(_("succeeded"), default=False)
    request_excerpt = models.TextField(_("request"), blank=True)
    response_excerpt = models.TextField(_("answer"), blank=True)
    error = models.CharField(_("error"), max_length=500, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("asked for by"),
        db_index=False,
    )

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.number}: {self.error or self.status_code}"
