"""What `up` and `demo` do before anything runs: ports, database, starter set, administrator."""

import errno
import socket
from contextlib import suppress
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import CommandError, OutputWrapper
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from hub.management.children import Say
from hub.secrets import new_token
from hub.starting import load_starter_set

ADMINISTRATOR = "admin"
REACHED_AT = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104  # not bound to
PASSWORD_CHARS = 16  # of 36: 82 random bits


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is to listen, and the option that says so."""

    host: str
    port: int
    option: str

    @property
    def bind(self) -> str:
        return _with_port(self.host, self.port)

    @property
    def url(self) -> str:
        """From this machine."""
        return f"http://{_with_port(REACHED_AT.get(self.host, self.host), self.port)}"


def speaker(stdout: OutputWrapper) -> Say:
    """Sentences at once, also into a pipe; without a terminal that listens, none."""

    def say(sentence: str) -> None:
        with suppress(OSError):
            stdout.write(sentence)
            stdout.flush()

    return say


def refuse_taken(address: Address) -> None:
    """Raises CommandError in one sentence when nothing can listen there."""
    reasons = {
        errno.EADDRINUSE: f"Port {address.port} is taken by another program: stop it, or choose "
        f"another one with {address.option}.",
        errno.EACCES: f"Port {address.port} is for root: choose one above 1023 with "
        f"{address.option}.",
    }
    try:
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as gunicorn does
            probe.bind((address.host, address.port))
    except OverflowError as error:
        raise CommandError(f"{address.port} is no port: choose one below 65536.") from error
    except OSError as error:
        unknown = f"Nothing can listen on {address.bind}: {error.strerror}."
        raise CommandError(reasons.get(error.errno or 0, unknown)) from error


def free_port() -> int:
    """One of this machine that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def prepare_database(say: Say) -> None:
    """Migrations and the starter set. Raises CommandError when the database is away."""
    try:
        count = _pending_migrations()
        call_command("migrate", interactive=False, verbosity=0)
    except OperationalError as error:
        raise CommandError(
            f"The database ({describe_database()}) cannot be used: {str(error).splitlines()[0]}"
        ) from error
    say(f"Database: {describe_database()}, {count or 'no'} new migrations")
    made = load_starter_set()
    if made:
        say(f"Starter set: {len(made)} channels, sources and rules made")


def describe_database() -> str:
    config = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"SQLite, {config['NAME']}"
    return f"PostgreSQL, {config['NAME']} on {config['HOST'] or 'this machine'}"


def ensure_administrator() -> str:
    """The password of the one that was made: it is shown now and never again.

    Empty when there is an administrator already.
    """
    users = get_user_model()._default_manager
    if users.filter(is_superuser=True).exists() or users.filter(username=ADMINISTRATOR).exists():
        return ""
    password = new_token()[:PASSWORD_CHARS]
    email = f"{ADMINISTRATOR}@localhost"
    get_user_model().objects.create_superuser(ADMINISTRATOR, email, password)
    return password


def describe_login(password: str) -> str:
    if password:
        return f"user {ADMINISTRATOR}, password {password} (shown this once)"
    return f"log in as before (password lost? manage.py changepassword {ADMINISTRATOR})"


def admin_url() -> str:
    return f"{settings.HUB_BASE_URL}/admin/"


def _with_port(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _pending_migrations() -> int:
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
