"""manage.py send_payload: sends a recorded request through the front door, as its system would."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandError

from hub.contracts import DeliveryError
from hub.http import open_http


class Command(BaseCommand):
    help = "POST a file (or - for standard input) to a hook address and show the answer."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("url", help="the complete address of the hook")
        parser.add_argument("file", help="the body; - reads standard input")
        parser.add_argument(
            "-H", "--header", action="append", default=[], metavar="NAME: VALUE", dest="headers"
        )

    def handle(self, *args: object, **options: str) -> None:
        parts = urlsplit(options["url"])
        headers = {"Content-Type": "application/json"}
        for line in options["headers"]:
            name, _colon, value = line.partition(":")
            headers[name.strip()] = value.strip()
        try:
            answer = open_http(f"{parts.scheme}://{parts.netloc}", purpose="send_payload").request(
                "POST", options["url"], headers=headers, body=_read(options["file"])
            )
        except DeliveryError as error:
            raise CommandError(f"{error} {error.response_excerpt}") from error
        self.stdout.write(f"{answer.status_code} {answer.body.decode(errors='replace')}")


def _read(name: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror}") from error
