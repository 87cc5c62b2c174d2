"""manage.py issue_token: makes an inbound credential and prints its address, once."""

import secrets
from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from hub import registry
from hub.models import Source
from hub.tokens import hook_url, issue_token

SIGNING_SECRET_BYTES = 24


class Command(BaseCommand):
    help = "Issue a webhook token for a source; the address is shown now and never again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", help="the name of the source, as in the admin")
        parser.add_argument("--label", default="", help="what it is for")
        parser.add_argument("--event", default="", help="event hint, such as sla_warning")
        parser.add_argument("--sign", action="store_true", help="make a signing secret as well")

    def handle(self, *args: object, **options: str) -> None:
        source = Source.objects.filter(name=options["source"]).first()
        if source is None:
            known = ", ".join(Source.objects.values_list("name", flat=True)) or "none yet"
            raise CommandError(f"No source is called {options['source']!r}. There are: {known}")
        secret = self._signing_secret(source) if options["sign"] else ""
        _row, text = issue_token(
            source,
            label=options["label"],
            event_hint=options["event"],
            signing_secret=secret,
        )
        self.stdout.write(hook_url(text))
        if secret:
            self.stdout.write(f"signing secret: {secret}")

    def _signing_secret(self, source: Source) -> str:
        integration = registry.get(source.integration)
        if integration is None or integration.verify is None:
            raise CommandError(f"{source.name} cannot sign: leave out --sign")
        return secrets.token_urlsafe(SIGNING_SECRET_BYTES)
