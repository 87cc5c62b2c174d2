"""A test request: choosing a recorded one, sending it, following what becomes of it."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import groupby
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub import registry
from hub.admin.event_pages import event_context
from hub.admin.samples import Sample, find_samples, sample_request
from hub.contracts import InboundRequest
from hub.models import Delivery, Event, Source
from hub.trying import Trial

OWN_ADDRESS: Final = "own"  # as the choice `via`: not HUB_BASE_URL, but where this process listens
UNDER_WAY: Final = frozenset((Delivery.State.PENDING, Delivery.State.SENDING))
PATIENCE: Final = timedelta(seconds=10)  # a worker takes what is there within one
SUCCESS: Final = range(200, 300)


class TrialForm(forms.Form):
    """The recorded request as it will be sent; it may be edited."""

    sample = forms.CharField(widget=forms.HiddenInput, required=False)
    via = forms.CharField(widget=forms.HiddenInput, required=False)
    query = forms.CharField(
        label=gettext_lazy("after the ? of the address"),
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={"class": "hub-input hub-mono", "spellcheck": "false"}),
    )
    body = forms.CharField(
        label=gettext_lazy("body"),
        strip=False,
        max_length=settings.HUB_MAX_BODY_BYTES,
        widget=forms.Textarea(
            attrs={"class": "hub-input hub-template", "rows": 14, "spellcheck": "false"}
        ),
    )


def trial_context(source: Source, wanted: str) -> dict[str, Any]:
    """The samples by kind, and the form filled with the chosen one; empty without any."""
    integration = registry.get(source.integration)
    samples = find_samples(integration, ()) if integration is not None else []
    if not samples:
        return {"samples": {}, "trial_form": None}
    chosen = find_sample(samples, wanted)
    return {
        "samples": {kind: list(group) for kind, group in groupby(samples, lambda one: one.kind)},
        "chosen": chosen,
        "trial_form": TrialForm(initial=_initial(chosen)),
    }


def find_sample(samples: list[Sample], wanted: str) -> Sample:
    return next((one for one in samples if one.name == wanted), samples[0])


def read_trial(form: TrialForm, source: Source) -> InboundRequest:
    """The form as a request: the headers are those of the recorded one."""
    integration = registry.get(source.integration)
    samples = find_samples(integration, ()) if integration is not None else []
    recorded = sample_request(find_sample(samples, form.cleaned_data["sample"]))
    body = form.cleaned_data["body"].replace("\r\n", "\n")
    query = dict(parse_qsl(form.cleaned_data["query"].removeprefix("?"), keep_blank_values=True))
    return replace(recorded, body=body.encode(), query=query)


def address_for(via: str, meta: Mapping[str, Any]) -> str:
    """Of the hub: as others know it, or where this process listens itself."""
    if via == OWN_ADDRESS:
        return f"http://127.0.0.1:{meta.get('SERVER_PORT') or 8000}"
    return str(settings.HUB_BASE_URL)


def describe_failure(trial: Trial) -> str:
    """Why the test led to no event, in one sentence."""
    words = {"address": settings.HUB_BASE_URL, "problem": trial.problem}
    if trial.status_code is None:
        return _("The hub cannot reach itself at %(address)s: %(problem)s.") % words
    if trial.status_code in SUCCESS or not trial.answer_excerpt.lstrip().startswith("{"):
        return (
            _(
                "Something else answered at %(address)s: does your proxy pass /hooks/ on to the "
                "hub? %(problem)s"
            )
            % words
        )
    return _("The front door refused it with %(status)d: %(answer)s") % {
        "status": trial.status_code,
        "answer": trial.answer_excerpt,
    }


def progress_context(event: Event) -> dict[str, Any]:
    """The page of the event, and whether it is still worth looking again."""
    now = timezone.now()
    context = event_context(event, now, None)
    del context["title"]  # that of the event's own page
    states = {one["row"].state for one in context["deliveries"]}
    is_waiting = event.state == Event.State.RECEIVED
    return context | {
        "is_live": is_waiting or bool(states & UNDER_WAY),
        "is_stuck": is_waiting and now - event.received_at > PATIENCE,
    }


def _initial(sample: Sample) -> dict[str, str]:
    request = sample_request(sample)
    return {
        "sample": sample.name,
        "query": urlencode(dict(request.query)),
        "body": _readable(request),
    }


def _readable(request: InboundRequest) -> str:
    """JSON in lines, to be edited; a form as it was."""
    text = request.body.decode(errors="replace")
    if not text.lstrip().startswith(("{", "[")):
        return text
    return json.dumps(request.json(), ensure_ascii=False, indent=2)
