"""Removes what is older than the retention, in batches that hold no lock for long."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from hub.invocations import RESPONSE_LIFE
from hub.models import ActionInvocation, CommandInvocation, Delivery, Event, Refusal
from hub.queue import prune_queue

BATCH_SIZE = 1000


def prune_rows() -> int:
    """Old events, deliveries, refusals, and what was typed and pressed; bodies go earlier.

    Returns how many rows went.
    """
    now = timezone.now()
    oldest = now - timedelta(days=settings.HUB_RETENTION_DAYS)
    oldest_body = now - timedelta(days=settings.HUB_BODY_RETENTION_DAYS)
    finished = Delivery.objects.exclude(state__in=Delivery.OPEN_STATES)
    count = _delete(finished.filter(created_at__lt=oldest))
    count += _delete(Event.objects.filter(received_at__lt=oldest, deliveries=None))
    typed = CommandInvocation.objects.exclude(state__in=CommandInvocation.DUE_STATES)
    count += _delete(typed.filter(received_at__lt=oldest))
    _forget_addresses(CommandInvocation.objects.filter(received_at__lt=now - RESPONSE_LIFE))
    count += _delete(ActionInvocation.objects.filter(pressed_at__lt=oldest))
    count += _delete(Refusal.objects.filter(received_at__lt=oldest))
    _empty_bodies(Event.objects.filter(received_at__lt=oldest_body).exclude(body=b""))
    return count + prune_queue()


def _delete(rows: QuerySet[Any]) -> int:
    """In batches by primary key; cascades to attempts."""
    count = 0
    while ids := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH_SIZE]):
        count += rows.model._default_manager.filter(pk__in=ids).delete()[0]
    return count


def _forget_addresses(rows: QuerySet[CommandInvocation]) -> None:
    """Of questions that nobody answered: a response_url is a secret, and dead by then."""
    rows.exclude(response_url="").update(response_url="")


def _empty_bodies(rows: QuerySet[Event]) -> None:
    while ids := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH_SIZE]):
        Event.objects.filter(pk__in=ids).update(body=b"")
