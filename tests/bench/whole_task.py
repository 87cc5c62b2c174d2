"""The hub's work the usual way: one django-q2 task for each delivery does all of it, with the ORM.

It parses, matches and renders with the hub's own functions and keeps the hub's own rows. What it
leaves out is in its favour: no claim, no order within a thread, no look before a repeat.
"""

import time
from datetime import timedelta
from functools import cache

import requests
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django_q.tasks import async_task

from hub import registry
from hub.contracts import InboundRequest, Message, SourceView
from hub.matching import Parsed, Planned, Received, match_event, parse_event
from hub.models import Attempt, ConfigVersion, Delivery, Reference, Source, Thread
from hub.rules import RuleIndex, load_rules
from hub.sending import message_as_json
from tests.bench.baseline import DESTINATION, POST_TIMEOUT_S
from tests.bench.models import TaskEvent

SOURCE_NAME = "One task per delivery"
OUT_OF_REACH = timedelta(days=1)  # of the hub's own drains, which look for what is due

_session = requests.Session()  # of a worker process, with its kept-alive connection


def store_and_enqueue_all(request: HttpRequest) -> HttpResponse:
    key = request.headers["X-Zammad-Delivery"]
    row = TaskEvent.objects.create(key=key, body=request.body, received_at=timezone.now())
    async_task("tests.bench.whole_task.match_and_deliver", row.pk)
    return JsonResponse({"status": "stored"}, status=202)


def match_and_deliver(pk: int) -> None:
    row = TaskEvent.objects.get(pk=pk)
    parsed = parse_event(_received(row))
    match = match_event(parsed, _index(), now=timezone.now())
    reference = _save_reference(parsed)
    for planned in match.planned:
        row.post_id = _deliver(planned, reference)
    row.delivered_at = timezone.now()
    row.save()


def _received(row: TaskEvent) -> Received:
    source, integration = _source(), registry.get("zammad")
    if integration is None:
        raise LookupError("the row needs integrations/zammad")
    headers = {"content-type": "application/json", "x-zammad-delivery": row.key}
    request = InboundRequest("POST", bytes(row.body), headers, received_at=row.received_at)
    return Received(row.pk, source.pk, source.name, integration, SourceView(source.name), request)


def _save_reference(parsed: Parsed) -> Reference:
    event = parsed.event
    if event is None or event.reference is None:
        raise ValueError(parsed.note)
    reference, _is_new = Reference.objects.update_or_create(
        source=_source(),
        external_id=event.reference.external_id,
        created_marker=event.reference.created_marker,
        defaults={
            "display": event.reference.display,
            "title": event.title,
            "url": event.url,
            "is_private": event.is_private,
            "updated_at": timezone.now(),
        },
    )
    return reference


def _deliver(planned: Planned, reference: Reference) -> str:
    """The id of the post, under the thread's root if it has one."""
    now, message = timezone.now(), planned.messages[0]
    thread = Thread.objects.filter(channel_id=planned.channel.id, reference=reference).first()
    delivery = Delivery.objects.create(
        rule_id=planned.rule.id,
        channel_id=planned.channel.id,
        server_id=planned.channel.server_id,
        reference=reference,
        message=message_as_json(message),
        is_threaded=planned.is_threaded,
        lane=f"{planned.channel.id}:{reference.pk}",
        trace=planned.trace,
        state=Delivery.State.SENDING,
        attempt_count=1,
        due_at=now + OUT_OF_REACH,
        claimed_at=now,
        created_at=now,
    )
    started = time.monotonic()
    response = _post(message, thread, delivery.key.hex)
    delivery.state, delivery.delivered_at = Delivery.State.DELIVERED, timezone.now()
    delivery.post_id = str(response.json()["id"])
    delivery.save()
    Attempt.objects.create(
        delivery=delivery,
        number=1,
        started_at=now,
        duration_ms=round((time.monotonic() - started) * 1000),
        status_code=response.status_code,
        is_success=True,
    )
    if thread is None:
        Thread.objects.create(
            channel_id=planned.channel.id,
            reference=reference,
            root_post_id=delivery.post_id,
            card=delivery.message,
            updated_at=now,
        )
    return delivery.post_id


def _post(message: Message, thread: Thread | None, key: str) -> requests.Response:
    post = {
        "channel_id": "c" * 26,
        "message": message.text,
        "root_id": thread.root_post_id if thread is not None else "",
        "props": {"attachments": list(message.attachments), "hub_key": key},
    }
    response = _session.post(f"{DESTINATION}/api/v4/posts", json=post, timeout=POST_TIMEOUT_S)
    response.raise_for_status()
    return response


@cache
def _source() -> Source:
    return Source.objects.get(name=SOURCE_NAME)


@cache
def _index() -> RuleIndex:
    """Loaded once: that somebody edits a rule is not part of the comparison."""
    return load_rules(ConfigVersion.current())
