"""Scratch databases of a run: made anew, dropped at its end, whatever they held."""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator

import environ
import psycopg
from psycopg import sql

from tests.bench.paths import ROOT
from tests.postgres import running_postgres

DATABASE_VARIABLE = "HUB_BENCH_DATABASE_URL"
LOCAL_DATABASE = "postgres://127.0.0.1:5432/postgres"
DATABASE = "hub_bench"  # the template; a row's is hub_bench_<row>
LOCK = 7_201_926  # of the database server: two runs at once would measure each other
CONNECT_S = 3


def environment(database_url: str, **more: str) -> dict[str, str]:
    """Of every process of a run."""
    values = {
        "HUB_SECRET_KEY": "bench",
        "HUB_FERNET_KEYS": "YmVuY2htYXJrLW9ubHkta2V5LW9mLTMyLWJ5dGVzISE=",
        "HUB_BASE_URL": "http://127.0.0.1:8000",
        "HUB_DATABASE_URL": database_url,
        "HUB_REDIS_URL": "",
        "HUB_WORKER_NAME": "bench-worker",
        "HUB_LOG_LEVEL": "WARNING",
        "DJANGO_SETTINGS_MODULE": "tests.bench.settings",
    }
    return os.environ | values | more


class Scratch:
    """A database server, and the databases on it that are ours."""

    def __init__(self, url: str) -> None:
        self._address, mark, query = url.partition("?")
        self._query = mark + query
        self._connection = _connect(url)
        row = self._connection.execute("SELECT pg_try_advisory_lock(%s)", [LOCK]).fetchone()
        if row is None or not row[0]:
            raise SystemExit("another scripts/bench is running on this database server")

    def facts(self) -> dict[str, str]:
        names = ("server_version", "synchronous_commit", "fsync", "shared_buffers")
        found = {name: self._connection.execute(f"SHOW {name}").fetchone() for name in names}
        settings = {name: str(row[0]) if row else "" for name, row in found.items()}
        version = settings.pop("server_version").partition(" ")[0]
        return {"PostgreSQL": ", ".join([version, *(f"{k} {v}" for k, v in settings.items())])}

    def make_template(self) -> None:
        migrate(self._make(DATABASE, template="template0"))

    @contextlib.contextmanager
    def database(self, row: str) -> Iterator[str]:
        """The address of a fresh copy of the template: no row pays for what another left."""
        name = f"{DATABASE}_{row}"
        try:
            yield self._make(name, template=DATABASE)
        finally:
            self._drop(name)

    def close(self) -> None:
        self._drop(DATABASE)
        self._connection.close()

    def _make(self, name: str, template: str) -> str:
        self._drop(name)
        self._execute("CREATE DATABASE {} TEMPLATE {}", name, template)
        return f"{self._address.rpartition('/')[0]}/{name}{self._query}"

    def _drop(self, name: str) -> None:
        self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _execute(self, statement: str, *names: str) -> None:
        self._connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _connect(url: str) -> psycopg.Connection:
    """An address as the settings read it: a host may be a folder with a socket."""
    config = environ.Env.db_url_config(url)
    names = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
    given = {name: config[key] for name, key in names.items() if config.get(key)}
    return psycopg.connect(
        dbname=config["NAME"], autocommit=True, connect_timeout=CONNECT_S, **given
    )


@contextlib.contextmanager
def open_scratch() -> Iterator[Scratch]:
    """On the named server, else on this machine's, else on one that is brought along."""
    with contextlib.ExitStack() as stack:
        url = os.environ.get(DATABASE_VARIABLE) or LOCAL_DATABASE
        try:
            scratch = Scratch(url)
        except psycopg.OperationalError as error:
            if DATABASE_VARIABLE in os.environ:
                raise SystemExit(f"no PostgreSQL at {DATABASE_VARIABLE}: {error}") from error
            scratch = Scratch(stack.enter_context(running_postgres()))
        stack.callback(scratch.close)
        yield scratch


@contextlib.contextmanager
def sqlite_database() -> Iterator[str]:
    """The address of an embedded database, as `scripts/run` makes it."""
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as folder:
        url = f"sqlite:///{folder}/hub.sqlite3"
        migrate(url)
        yield url


def migrate(database_url: str) -> None:
    command = [sys.executable, "manage.py", "migrate", "--run-syncdb", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env=environment(database_url), check=True)
