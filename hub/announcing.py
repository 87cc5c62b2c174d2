"""What the hub itself has to say: stored as an event of its own source, told like any other."""

import json
from collections.abc import Mapping
from datetime import datetime

from hub.contracts import InboundRequest, JSONObject
from hub.models import Source
from hub.models.sources import BUILT_IN_SOURCE
from hub.storing import store_request


def announce(kind: str, facts: Mapping[str, object], *, dedup_key: str, now: datetime) -> None:
    """Stored once for each key; the caller wakes the drains after its commit."""
    source, _is_new = Source.objects.get_or_create(
        integration=BUILT_IN_SOURCE, defaults={"name": "Hub"}
    )
    body: JSONObject = json.loads(json.dumps({"event": kind, **facts}, default=str))
    request = InboundRequest(method="POST", body=json.dumps(body).encode(), received_at=now)
    store_request(request, source_id=source.pk, dedup_key=dedup_key)
