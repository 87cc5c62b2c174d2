"""The page on which an admin picks what stands where in the JSON of a source."""

from dataclasses import dataclass, replace
from typing import Any, Final, get_args

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from hub.admin.json_trees import grow_tree, paths_of
from hub.admin.mapping_drafts import (
    LABELS,
    PRESET,
    SPARE_ROWS,
    TABLES,
    MappingDraft,
    draft_of,
    label_of,
    read_mapping_draft,
)
from hub.admin.samples import find_samples, sample_request
from hub.admin.sentences import at
from hub.context import build_context
from hub.contracts import (
    InboundRequest,
    Integration,
    JSONValue,
    ParsedEvent,
    PayloadError,
    Severity,
    SourceView,
)
from hub.explaining import request_of
from hub.models import Event, Source
from hub.models.events import MATCHED
from hub.previewing import message_html
from hub.rendering import Style, render_message
from hub.wording import default_wording

OFFERED_EVENTS: Final = 20
MAX_LABEL_CHARS: Final = 110
EVENT: Final = "event:"
SAMPLE: Final = "sample:"
PASTED: Final = "pasted"


@dataclass(frozen=True, slots=True)
class Offer:
    """A request to pick from: `event:12`, `sample:alert.opened__grafana`, or `pasted`."""

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class Choice:
    """The request that is picked from, and what else could be."""

    key: str
    request: InboundRequest | None
    events: tuple[Offer, ...]
    samples: tuple[Offer, ...]
    pasted: str = ""


def read_posted(
    request: HttpRequest, source: Source, integration: Integration
) -> tuple[MappingDraft, str]:
    """The form as posted, one started from a preset with the sample to try it on, or as saved."""
    start = request.POST.get("start")
    if start is not None:
        draft = draft_of(integration, {PRESET: start})
        preset = integration.mapping.presets.get(start, {}) if integration.mapping else {}
        is_new = not Event.objects.filter(source=source).exists()
        return draft, f"{SAMPLE}{preset.get('sample')}" if is_new else ""
    if request.method == "POST":
        return read_mapping_draft(request.POST, integration), ""
    return draft_of(integration, source.options), ""


def choose_request(
    source: Source, integration: Integration, asked: HttpRequest, wanted: str = ""
) -> Choice:
    """What was asked for, else the newest that came in, else a sample: `wanted` if it is there."""
    may_see = asked.user.has_perm("hub.view_event")
    rows = Event.objects.filter(MATCHED, source=source).exclude(body=b"").order_by("-pk")
    events = {f"{EVENT}{row.pk}": row for row in (rows[:OFFERED_EVENTS] if may_see else ())}
    samples = {f"{SAMPLE}{one.name}": one for one in find_samples(integration, ())}
    pasted = asked.POST.get(PASTED, "")
    wanted = wanted or asked.POST.get("on", "")
    keys = [*events, *samples, PASTED]
    key = wanted if wanted in keys else keys[0]
    request = None
    if key in events:
        request = request_of(events[key])
    elif key in samples:
        request = sample_request(samples[key])
    elif pasted.strip():
        request = InboundRequest("POST", pasted.encode(), received_at=timezone.now())
    return Choice(
        key,
        request,
        tuple(Offer(name, _event_label(row)) for name, row in events.items()),
        tuple(Offer(name, one.name) for name, one in samples.items()),
        pasted,
    )


def mapping_context(
    source: Source, integration: Integration, draft: MappingDraft, choice: Choice
) -> dict[str, Any]:
    """The form, the tree to pick from, and what the event would be."""
    mapping = integration.mapping
    presets = mapping.presets if mapping is not None else {}
    return {
        "source": source,
        "draft": draft,
        "rows": [_path_row(name, draft) for name in draft.paths],
        "tables": [_table(name, draft, integration) for name in TABLES],
        "presets": {name: preset.get("label", name) for name, preset in presets.items()},
        "choice": choice,
        "pasted_key": PASTED,
        **preview(source, integration, draft, choice),
    }


def preview(
    source: Source, integration: Integration, draft: MappingDraft, choice: Choice
) -> dict[str, Any]:
    """The tree, and the event as it would be, with its message; or why there would be none."""
    if choice.request is None:
        return {"tree": [], "problem": _("Paste the JSON of a request to pick from.")}
    request = replace(choice.request, options=draft.options)
    view = SourceView(source.name, source.base_url, options=draft.options)
    tree, problem, parsed = [], "", None
    try:
        tree = grow_tree(request.json(), draft.uses())
        parsed = integration.parse(request, view)
    except PayloadError as error:
        problem = str(error) + (_(" (at %(path)s)") % {"path": error.path} if error.path else "")
    found = {"tree": tree, "problem": problem, "notes": _notes(draft, set(paths_of(tree)))}
    return found if parsed is None else found | _shown(source, integration, request, parsed)


def _shown(
    source: Source, integration: Integration, request: InboundRequest, event: ParsedEvent
) -> dict[str, Any]:
    language = (get_language() or settings.LANGUAGE_CODE)[:2]
    rendered = render_message(
        build_context(event, request, source.name),
        wording=default_wording(integration, event.kinds[0], language),
        style=Style(language=language, zone=settings.TIME_ZONE),
    )
    return {
        "event": event,
        "kind_meaning": integration.kinds.get(event.kinds[0], ""),
        "dedup_key": integration.identify(request).dedup_key,
        "posts": [message_html(message) for message in rendered.messages],
    }


def _notes(draft: MappingDraft, paths: set[str]) -> list[str]:
    """What is pointed at and is not in this request: it may be in others."""
    pointed = [(label_of(name), path) for name, path in draft.paths.items()]
    pointed += draft.tables["fields"]
    return [
        _("%(name)s: there is nothing at %(path)s in this request.") % {"name": name, "path": path}
        for name, path in pointed
        if path and path not in paths and ".-" not in path
    ]


def _path_row(name: str, draft: MappingDraft) -> dict[str, JSONValue]:
    label, hint = LABELS.get(name, (name, ""))
    return {
        "name": name,
        "label": str(label),
        "hint": str(hint),
        "path": draft.paths[name],
        "problem": draft.problems.get(name, ""),
    }


def _table(name: str, draft: MappingDraft, integration: Integration) -> dict[str, Any]:
    choices = {
        "kinds": dict(integration.kinds),
        "severities": {word: word for word in get_args(Severity)},
    }.get(name)
    return {
        "name": name,
        "columns": TABLES[name],
        "rows": [*draft.tables[name], *[("", "")] * SPARE_ROWS],
        "choices": choices,
        "problem": draft.problems.get(name, ""),
    }


def _event_label(event: Event) -> str:
    shown = f"{at(event.received_at, timezone.now())}  {event.get_state_display()}  {event.title}"
    return shown[:MAX_LABEL_CHARS]
