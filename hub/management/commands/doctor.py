"""manage.py doctor: tries what the hub needs, and names the setting to change."""

from django.core.management.base import BaseCommand
from django.utils import timezone

from hub.doctor import examine

MARKS = {"good": "ok", "warning": "warning", "bad": "BAD", "unknown": "not known"}


class Command(BaseCommand):
    help = "Try the queue, the servers, commands and channels; ends with 1 when something is bad."

    def handle(self, *args: object, **options: object) -> None:
        found = examine(timezone.now())
        for one in found:
            self.stdout.write(f"{MARKS[one.verdict]:10}{one.subject}: {one.sentence}")
        if any(one.verdict == "bad" for one in found):
            raise SystemExit(1)
