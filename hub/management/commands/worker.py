"""manage.py worker: delivers what was received. Several on one database share the work."""

from django.conf import settings
from django.core.management.base import BaseCommand

from hub.supervising import Supervisor


class Command(BaseCommand):
    help = (
        "Run the worker: matching, delivery, retries and schedules. Stops within 10 s of SIGTERM."
    )

    def handle(self, *args: object, **options: object) -> None:
        self.stdout.write(
            f"worker {settings.HUB_WORKER_NAME}: {settings.HUB_DRAINS} drains, "
            f"{settings.HUB_SEND_THREADS} send threads each"
        )
        Supervisor(settings.HUB_WORKER_NAME).run()
