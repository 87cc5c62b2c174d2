"""manage.py after_restore: what a backup believes to be waiting may have been posted since."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from hub.models import Channel, DrainLease
from hub.redelivering import look_before_posting, waiting


class Command(BaseCommand):
    help = "After restoring a backup, before the worker starts: look for a message, then post it."

    def handle(self, *_args: object, **_options: Any) -> None:
        now = timezone.now()
        if DrainLease.objects.filter(expires_at__gt=now).exclude(holder="").exists():
            raise CommandError(
                "A worker is running on this database: stop it, wait a quarter of a minute, and "
                "run this again."
            )
        count = look_before_posting(waiting())
        by_webhook = waiting().filter(channel__post_via=Channel.PostVia.INCOMING_WEBHOOK).count()
        self.stdout.write(f"{count} waiting deliveries are looked for before they are posted")
        if by_webhook:
            self.stdout.write(
                f"{by_webhook} of them go through an incoming webhook, where nothing can be looked "
                "for: cancel them in the admin if they must not appear twice"
            )
