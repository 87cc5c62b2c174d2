"""The event before on the same reference: what conditions on changes compare with."""

from collections.abc import Mapping
from typing import Any, Final

from django.db.models import QuerySet

from hub.context import event_fields
from hub.contracts import JSONObject
from hub.matching import Parsed
from hub.models import Event
from hub.models.events import MATCHED
from hub.reference_keys import ReferenceKey, reference_key

CUT_AT: Final[Mapping[str, int]] = {"title": 300, "url": 2000, "actor": 200}  # Event's columns
WHOLE: Final = ("kinds", "severity", "is_private")


class Earlier:
    """Of each reference of a batch, where some rule asks what has changed."""

    def __init__(self) -> None:
        self._last: dict[ReferenceKey, JSONObject | None] = {}

    def before(self, parsed: Parsed) -> JSONObject | None:
        """None where nothing was before it. Asked once about each event, in order of receipt."""
        received, event = parsed.received, parsed.event
        if event is None or event.reference is None:
            return None
        key = reference_key(received.source_id, event.reference)
        if received.is_replay:  # it stands in the past: what came after it is not the event before
            return _load(key, received.event_id)
        found = self._last[key] if key in self._last else _load(key, received.event_id)
        self._last[key] = event_fields(event)
        return found


def load_earlier(row: Event) -> JSONObject | None:
    """What was before a stored event."""
    if row.reference_id is None:
        return None
    return _newest(Event.objects.filter(reference=row.reference_id), before=row.pk)


def _load(key: ReferenceKey, event_id: int) -> JSONObject | None:
    source_id, external_id, created_marker = key
    rows = Event.objects.filter(
        reference__source_id=source_id,
        reference__external_id=external_id,
        reference__created_marker=created_marker,
    )
    return _newest(rows, before=event_id)


def _newest(rows: QuerySet[Event], *, before: int) -> JSONObject | None:
    earlier = rows.filter(MATCHED, pk__lt=before).order_by("-pk")
    found = earlier.values("data", *WHOLE, *CUT_AT).first()
    return _fields(found) if found is not None else None


def _fields(row: Mapping[str, Any]) -> JSONObject:
    """As event_fields has them; a text that fills its column may have been cut: not known."""
    known = {name: row[name] for name in WHOLE}
    known |= {name: row[name] for name, limit in CUT_AT.items() if len(row[name]) < limit}
    return {**row["data"], **known, "kind": row["kinds"][0] if row["kinds"] else ""}
