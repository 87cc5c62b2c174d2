"""manage.py up: prepares the database, then runs web, worker and listener until Ctrl-C."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from hub.management import first_steps
from hub.management.first_steps import Address
from hub.management.serving import listener_spec, serve, web_spec, worker_spec

GREETING = """
The hub is running.

  Admin      {admin}   {login}
  Webhooks   in the admin, “Webhook tokens” gives every system its address

Ctrl-C stops everything.
"""


class Command(BaseCommand):
    help = "Migrate, make the starter set and an administrator, then run web, worker and listener."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument(
            "--prepare-only", action="store_true", help="run nothing: for containers"
        )

    def handle(self, *_args: object, **options: Any) -> None:
        say = first_steps.speaker(self.stdout)
        address = Address(options["host"], options["port"], "--port")
        if not options["prepare_only"]:
            first_steps.refuse_taken(address)
        first_steps.prepare_database(say)
        login = first_steps.describe_login(first_steps.ensure_administrator())
        if options["prepare_only"]:
            say(f"Admin: {first_steps.admin_url()}, {login}")
            return
        greeting = GREETING.format(admin=first_steps.admin_url(), login=login)
        specs = [worker_spec(), listener_spec(), web_spec(address)]
        serve(specs, address, greeting, say)
