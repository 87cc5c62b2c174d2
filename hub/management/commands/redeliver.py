"""manage.py redeliver: sends stored messages again, by filter, with the count shown first."""

from argparse import ArgumentParser
from datetime import datetime, timedelta

from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet
from django.utils import timezone

from hub.models import Delivery
from hub.redelivering import CAN_BE_SENT_AGAIN, redeliver

UNITS = {"m": "minutes", "h": "hours", "d": "days"}


class Command(BaseCommand):
    help = "Redeliver what matches the filter. Without --yes it only counts."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--state", default="dead", choices=[s.value for s in CAN_BE_SENT_AGAIN])
        parser.add_argument("--channel", default="", help="the name of the channel")
        parser.add_argument("--reference", default="", help="ZD#74001")
        parser.add_argument("--since", default="", help="how long ago: 90m, 6h, 2d")
        parser.add_argument("--yes", action="store_true", help="do it")

    def handle(self, *args: object, **options: str) -> None:
        found = _filter(options)
        self.stdout.write(f"{found.count()} deliveries match")
        if options["yes"]:
            self.stdout.write(f"{redeliver(found, user=None)} are being sent again")
        else:
            self.stdout.write("Nothing was sent: add --yes")


def _filter(options: dict[str, str]) -> QuerySet[Delivery]:
    found = Delivery.objects.filter(state=options["state"])
    if options["channel"]:
        found = found.filter(channel__name=options["channel"].lstrip("~#"))
    if options["reference"]:
        found = found.filter(reference__display=options["reference"])
    if options["since"]:
        found = found.filter(created_at__gte=_since(options["since"]))
    return found


def _since(text: str) -> datetime:
    number, unit = text[:-1], UNITS.get(text[-1:])
    if unit is None or not number.isdigit():
        raise CommandError(f"{text!r} is no length of time: write 90m, 6h or 2d")
    return timezone.now() - timedelta(**{unit: int(number)})
