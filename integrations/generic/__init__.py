"""Any JSON: what means what is an admin's mapping of paths, not code."""

from pathlib import Path

from hub.contracts import Integration, PathMapping
from hub.contracts import gettext_noop as _
from integrations.generic.events import KINDS, identify, parse
from integrations.generic.mapping import PRESETS

INTEGRATION = Integration(
    name="generic",
    label="Generic JSON",
    folder=Path(__file__).parent,
    kinds=KINDS,
    identify=identify,
    parse=parse,
    mapping=PathMapping(
        paths=(
            *("title", "kind", "reference", "text", "url", "actor", "severity"),
            *("private", "dedup"),
        ),
        presets=PRESETS,
    ),
    options={
        "preset": _("alertmanager, grafana or uptime_kuma: a mapping that is made already"),
        "paths": _(
            "where things stand: kind, reference, title, text, url, actor, severity, private, dedup"
        ),
        "kinds": _("the sender's words and what they mean here; * is for every other word"),
        "severities": _("the sender's words and info, success, warning or urgent"),
        "fields": _("what the card shows: a label and the path of its value"),
    },
)
