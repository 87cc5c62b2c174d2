"""manage.py demo: as `up`, with a Mattermost to look at and a trickle of sample webhooks."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from hub.demo import (
    LOOPBACK,
    SIGNING_SECRET,
    StandinMattermost,
    load_demo,
    register_commands,
)
from hub.management import first_steps
from hub.management.children import ChildSpec, Say
from hub.management.first_steps import Address
from hub.management.serving import listener_spec, serve, web_spec, worker_spec
from hub.models import MattermostServer

STANDIN = "tests.standins.mattermost"
TRAFFIC = "tests.standins.traffic"
STANDIN_TOKEN = "demo-bot-token"  # noqa: S105  # of a Mattermost on this machine, without secrets
STANDIN_ADMIN_TOKEN = "standin-admin-token"  # noqa: S105  # the same
SYSTEMS = ("erpnext", "n8n", "redmine", "zammad")  # stand-ins that take calls
SYSTEMS_KEY = "demo-key"
GREETING = """
The hub is running.

  Mattermost   {mattermost}/   a stand-in: channels, threads and cards
  Admin        {admin}   {login}

Sample webhooks arrive every few seconds. In Mattermost, answer them: type /hub help, or
/reply #23 your text, and press the buttons. Ctrl-C stops everything; it can be started again.
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

    def handle(self, *_args: object, **options: Any) -> None:
        say = first_steps.speaker(self.stdout)
        address = Address(options["host"], options["port"], "--port")
        mattermost = Address("127.0.0.1", options["mattermost_port"], "--mattermost-port")
        first_steps.refuse_taken(address)
        first_steps.refuse_taken(mattermost)
        first_steps.prepare_database(say)
        refuse_real_use()
        words = {
            "admin": first_steps.admin_url(),
            "login": first_steps.describe_login(first_steps.ensure_administrator()),
            "mattermost": mattermost.url,
        }
        if not Path(settings.BASE_DIR, *STANDIN.split(".")).is_dir():
            specs = [worker_spec(), listener_spec(), web_spec(address)]
            serve(specs, address, GREETING_WITHOUT.format(**words), say)
            return
        serve(
            demo_specs(address, mattermost),
            address,
            GREETING.format(**words),
            say,
            when_ready=lambda: make_commands(say),
        )


def demo_specs(address: Address, mattermost: Address) -> list[ChildSpec]:
    """Every process of the demo, its rows connected with each other."""
    ports = {name: first_steps.free_port() for name in SYSTEMS}
    systems = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    standin = StandinMattermost(mattermost.url, STANDIN_TOKEN, STANDIN_ADMIN_TOKEN)
    hooks = load_demo(standin, systems, SYSTEMS_KEY)
    return [
        standin_spec(mattermost),
        worker_spec(),
        listener_spec(),
        web_spec(address),
        traffic_spec(address, hooks, ports),
    ]


def make_commands(say: Say) -> None:
    for problem in register_commands(timezone.now()):
        say(problem)
    connection.close()  # for as long as it runs, this process has nothing more to ask


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


def traffic_spec(address: Address, hooks: dict[str, str], ports: dict[str, int]) -> ChildSpec:
    """The systems themselves run in it, for they know what they tell about."""
    where = ("--hub-url", address.url, "--hooks", json.dumps(hooks))
    systems = ("--ports", json.dumps(ports), "--key", SYSTEMS_KEY)
    arguments = ("-m", TRAFFIC, *where, *systems, "--secret", SIGNING_SECRET)
    return ChildSpec("traffic", arguments, patience_s=0.3)
