"""manage.py listen: hears replies in threads. Several are no harm: one of them listens."""

import signal
import threading

from django.core.management.base import BaseCommand

from hub.listening import listen


class Command(BaseCommand):
    help = (
        "Listen to Mattermost for replies in tickets' threads, where a channel wants them to "
        "become notes. Idle otherwise. Stops within 3 s of SIGTERM."
    )

    def handle(self, *args: object, **options: object) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: stop.set())
        self.stdout.write("listening for replies in threads, where a channel wants it")
        listen(stop)
