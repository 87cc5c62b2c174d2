"""Row: a million deliveries: the admin's list, and the plans of what must not notice them."""

import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from statistics import median
from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hub.contracts import InboundRequest
from hub.delivering import claim_deliveries, hold_and_release
from hub.matcher import Matcher
from hub.models import ConfigVersion, Delivery
from hub.storing import store_request
from tests.bench.configured import Configured, configure
from tests.bench.figures import Figure, Options
from tests.bench.million import ROW_COUNT, fill

LIST_MS = 300
GETS = 5
CLAIM_LIMIT = 16
LARGE_TABLES = frozenset({"hub_delivery", "hub_event"})
LIST = "/admin/hub/delivery/"
MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"


def measure(options: Options) -> list[Figure]:
    configured = configure()
    fill(configured)
    return [*_plans(configured), *_lists(options)]


def _plans(configured: Configured) -> Iterator[Figure]:
    request = InboundRequest("POST", b"{}", received_at=timezone.now())
    statements: dict[str, Callable[[], object]] = {
        "claim_deliveries": partial(
            claim_deliveries, configured.server.pk, limit=CLAIM_LIMIT, now=timezone.now()
        ),
        "store_request": partial(
            store_request, request, source_id=configured.source.pk, dedup_key="delivery-500000"
        ),
        "match_batch": partial(Matcher(lambda: None).match_batch, ConfigVersion.current()),
        "hold_and_release": partial(hold_and_release, now=timezone.now()),
    }
    for name, call in statements.items():
        plans = Plans()
        with transaction.atomic(), connection.execute_wrapper(plans):
            started_at = time.perf_counter()
            call()
            took_ms = (time.perf_counter() - started_at) * 1000
            transaction.set_rollback(True)
        note = f"{took_ms:.0f} ms with its EXPLAIN; {'; '.join(plans.nodes)}"
        what = f"{name}: sequential scans of a large table"
        yield Figure("list", what, "", (float(plans.scan_count),), at_most=0, note=note)


class Plans:
    """The plan of every statement that is executed, asked for just before it."""

    def __init__(self) -> None:
        self.nodes: list[str] = []
        self.scan_count = 0

    def __call__(
        self, execute: Callable[..., object], sql: str, params: Any, many: bool, context: Any
    ) -> object:
        if sql.lstrip().startswith(("SELECT", "UPDATE", "INSERT", "DELETE")):
            with connection.connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
                (found,) = cursor.fetchone()
            plan = found if isinstance(found, list) else json.loads(found)
            self._walk(plan[0]["Plan"])
        return execute(sql, params, many, context)

    def _walk(self, node: dict[str, Any]) -> None:
        table = node.get("Relation Name", "")
        if table in LARGE_TABLES or "Index Name" in node:
            arbiters = node.get("Conflict Arbiter Indexes", [])
            index = node.get("Index Name") or ", ".join(arbiters) or table
            self.nodes.append(f"{node['Node Type']} {index}")
        self.scan_count += node["Node Type"] == "Seq Scan" and table in LARGE_TABLES
        for inner in node.get("Plans", []):
            self._walk(inner)


def _lists(options: Options) -> Iterator[Figure]:
    pages = {
        "first page": LIST,
        "filtered: dead letters": f"{LIST}?state=dead",
        "searched by reference": f"{LIST}?q=ZD%2374001",
    }
    if not admin.site.is_registered(Delivery):
        for name in pages:
            yield Figure("list", f"delivery list, {name}", note="there is no admin of deliveries")
        return
    client = Client(SERVER_NAME="127.0.0.1")
    user = get_user_model().objects.create_superuser("bench", "bench@example.test", "bench")
    client.force_login(user, MODEL_BACKEND)
    for name, path in pages.items():
        note = _describe_queries(client, path)
        rounds = tuple(
            median(_milliseconds(client, path) for _get in range(GETS))
            for _round in range(options.rounds)
        )
        what = f"delivery list, {name}, {ROW_COUNT:,} rows"
        yield Figure("list", what, "ms", rounds, at_most=LIST_MS, note=note)


def _describe_queries(client: Client, path: str) -> str:
    with CaptureQueriesContext(connection) as queries:
        _milliseconds(client, path)
    in_database_ms = sum(float(one["time"]) for one in queries) * 1000
    return f"{len(queries)} queries, {in_database_ms:.0f} ms of it"


def _milliseconds(client: Client, path: str) -> float:
    started_at = time.perf_counter()
    response = client.get(path)
    if response.status_code != 200:
        raise AssertionError(f"{path} answered {response.status_code}")
    return (time.perf_counter() - started_at) * 1000
