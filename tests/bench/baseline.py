"""What the hub is measured against: a view with one INSERT, and one task per delivery."""

import json
import os

import requests
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django_q.tasks import async_task

from tests.bench.models import BareEvent, TaskEvent

INSERT = "INSERT INTO bench_bareevent (key, body, received_at) VALUES (%s, %s, %s)"
POST_TIMEOUT_S = 10
DESTINATION = os.environ.get("HUB_BENCH_DESTINATION", "")

_session = requests.Session()  # of a worker process, with its kept-alive connection


def store_raw(request: HttpRequest) -> HttpResponse:
    """The limit: the body and one statement."""
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [_key(request), request.body, timezone.now()])
    return JsonResponse({"status": "stored"}, status=202)


def store_orm(request: HttpRequest) -> HttpResponse:
    BareEvent.objects.create(key=_key(request), body=request.body, received_at=timezone.now())
    return JsonResponse({"status": "stored"}, status=202)


def answer_only(_request: HttpRequest) -> HttpResponse:
    """What server and framework take by themselves."""
    return JsonResponse({"status": "stored"}, status=202)


def store_and_enqueue(request: HttpRequest) -> HttpResponse:
    """A row, and a task that does nothing but post it: no rules, no card, no history."""
    row = TaskEvent.objects.create(key=_key(request), body=request.body, received_at=timezone.now())
    async_task("tests.bench.baseline.deliver", row.pk)
    return JsonResponse({"status": "stored"}, status=202)


def deliver(pk: int) -> None:
    row = TaskEvent.objects.get(pk=pk)
    ticket = json.loads(bytes(row.body))["ticket"]
    post = {"channel_id": "c" * 26, "message": f"Urgent: {ticket['title']}"}
    response = _session.post(f"{DESTINATION}/api/v4/posts", json=post, timeout=POST_TIMEOUT_S)
    response.raise_for_status()
    row.post_id, row.delivered_at = response.json()["id"], timezone.now()
    row.save()


def _key(request: HttpRequest) -> str:
    return request.headers["X-Zammad-Delivery"]
