"""manage.py demo: as `up`, with a Mattermost to look at and a trickle of sample webhooks."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from hub.management import first_steps
from hub.management.children import ChildSpec
from hub.management.first_steps import Address
from hub.management.serving import listener_spec, serve, web_spec, worker_spec
from hub.models import MattermostServer
from hub.starting import DEMO_SIGNING_SECRET, load_demo

STANDIN = "tests.standins.mattermost"
TRAFFIC = "tests.standins.traffic"
STANDIN_TOKEN = "demo-bot-token"  # noqa: S105  # of a Mattermost on this machine, without secrets
LOOPBACK = ("127.0.0.1", "localhost", "::1")
GREETING = """
The hub is running.

  Mattermost   {mattermost}/   a stand-in: channels, threads and cards
  Admin        {admin}   {login}

Sample webhooks arrive every few seconds. Ctrl-C stops everything; it can be started again.
"""
GREETING_WITHOUT = """
The hub is running, without the demo's Mattermost: its programs are not part of this installation.

  Admin        {admin}   {login}

Ctrl-C stops everything.
"""


class Command(BaseCommand):
    help = "Run web and worker with a demo Mattermost and sample webhooks. Not for real use."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--mattermost-port", type=int, default=8065)
        parser.add_argument("--n8n-port", type=int, default=5678)

    def handle(self, *_args: object, **options: Any) -> None:
        say = first_steps.speaker(self.stdout)
        address = Address(options["host"], options["port"], "--port")
        mattermost = Address("127.0.0.1", options["mattermost_port"], "--mattermost-port")
        first_steps.refuse_taken(address)
        n8n = Address("127.0.0.1", options["n8n_port"], "--n8n-port")
        first_steps.refuse_taken(mattermost)
        first_steps.refuse_taken(n8n)
        first_steps.prepare_database(say)
        refuse_real_use()
        words = {
            "admin": first_steps.admin_url(),
            "login": first_steps.describe_login(first_steps.ensure_administrator()),
            "mattermost": mattermost.url,
        }
        specs = [listener_spec(), worker_spec(), web_spec(address)]
        greeting = GREETING_WITHOUT
        if Path(settings.BASE_DIR, *STANDIN.split(".")).is_dir():
            hooks = load_demo(words["mattermost"], STANDIN_TOKEN, {"n8n": n8n.url})
            specs = [standin_spec(mattermost), *specs, traffic_spec(address, hooks, n8n)]
            greeting = GREETING
        serve(specs, address, greeting.format(**words), say)


def refuse_real_use() -> None:
    """Raises CommandError rather than turn a real hub's messages away to the demo."""
    for server in MattermostServer.objects.all():
        if server.bot_token and urlsplit(server.base_url).hostname not in LOOPBACK:
            raise CommandError(
                f"This hub delivers to {server.base_url} already: start it with --no-demo, or "
                "give the demo a database of its own with HUB_DATABASE_URL."
            )


def standin_spec(address: Address) -> ChildSpec:
    listening = ("--host", address.host, "--port", str(address.port))
    arguments = ("-m", STANDIN, *listening, "--token", STANDIN_TOKEN)
    return ChildSpec("mattermost", arguments, patience_s=0.3)


def traffic_spec(address: Address, hooks: dict[str, str], n8n: Address) -> ChildSpec:
    where = ("--hub-url", address.url, "--hooks", json.dumps(hooks), "--n8n-port", str(n8n.port))
    arguments = ("-m", TRAFFIC, *where, "--secret", DEMO_SIGNING_SECRET)
    return ChildSpec("traffic", arguments, patience_s=0.3)
