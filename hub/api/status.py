"""GET /healthz, /readyz and /metrics: is it alive, does it deliver, how much."""

import secrets

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from hub.status import count_states, oldest_due_age


@require_safe
def health(_request: HttpRequest) -> JsonResponse:
    """200 as long as this process answers; it asks nothing else."""
    return JsonResponse({"status": "ok"})


@require_safe
def readiness(_request: HttpRequest) -> JsonResponse:
    """503 when the database is away or the oldest due row is older than it may be."""
    try:
        age = oldest_due_age(timezone.now())
    except DatabaseError:
        return JsonResponse({"status": "the database is away"}, status=503)
    content: dict[str, object] = {"status": "ok", "oldest_due_seconds": round(age)}
    if age > settings.HUB_READY_MAX_AGE_SECONDS:
        content["status"] = "nothing is being delivered: is a worker running?"
        return JsonResponse(content, status=503)
    return JsonResponse(content)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text; behind `Authorization: Bearer` when HUB_METRICS_TOKEN is set."""
    expected = f"Bearer {settings.HUB_METRICS_TOKEN}"
    given = request.headers.get("Authorization", "")
    if settings.HUB_METRICS_TOKEN and not secrets.compare_digest(given.encode(), expected.encode()):
        return HttpResponse("give HUB_METRICS_TOKEN as bearer token\n", status=401)
    registry = CollectorRegistry()
    due = Gauge("hub_oldest_due_seconds", "Age of the oldest due row", registry=registry)
    due.set(oldest_due_age(timezone.now()))
    rows = Gauge("hub_rows", "Open rows by table and state", ["table", "state"], registry=registry)
    for (table, state), count in count_states().items():
        rows.labels(table, state).set(count)
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
