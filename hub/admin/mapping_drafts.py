"""The form that says what stands where in the JSON of a source: read, checked, made of options."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, get_args

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub.contracts import Integration, JSONObject, JSONValue, Severity
from hub.models import Source

MAX_STEPS: Final = 12
SPARE_ROWS: Final = 2  # empty ones below those that are filled in
STEP_END: Final = re.compile(r"(?<!\\)\.")
PRESET: Final = "preset"
PATHS: Final = "paths"
# Tables of the form: of which option, and what is entered in its two columns.
TABLES: Final = {
    "kinds": (gettext_lazy("their word"), gettext_lazy("what it means here")),
    "severities": (gettext_lazy("their word"), gettext_lazy("how bad it is")),
    "fields": (gettext_lazy("label on the card"), gettext_lazy("path")),
}
LABELS: Final = {
    "title": (gettext_lazy("title"), gettext_lazy("The only one that is needed.")),
    "kind": (gettext_lazy("kind"), gettext_lazy("The word that says what happened.")),
    "reference": (
        gettext_lazy("reference"),
        gettext_lazy("What a thread is about: news with the same value stands in one thread."),
    ),
    "text": (gettext_lazy("text"), ""),
    "url": (gettext_lazy("link"), ""),
    "actor": (gettext_lazy("by whom"), ""),
    "severity": (gettext_lazy("severity"), gettext_lazy("Colours the card.")),
    "private": (
        gettext_lazy("private"),
        gettext_lazy("true, yes, private, confidential or internal: only for cleared channels."),
    ),
    "dedup": (
        gettext_lazy("number of the sending"),
        gettext_lazy("A request with one that was there before is a duplicate."),
    ),
}


@dataclass(slots=True)
class MappingDraft:
    """What stands in the form. `problems`: a sentence by field, or by table."""

    paths: dict[str, str]
    tables: dict[str, list[tuple[str, str]]]
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def options(self) -> JSONObject:
        tables: JSONObject = {name: {**dict(rows)} for name, rows in self.tables.items() if rows}
        return {PATHS: {name: path for name, path in self.paths.items() if path}, **tables}

    def uses(self) -> Mapping[str, Sequence[str]]:
        """The names for which each path is used, as people read them."""
        found: dict[str, list[str]] = {}
        for name, path in self.paths.items():
            found.setdefault(path, []).append(label_of(name))
        for label, path in self.tables["fields"]:
            found.setdefault(path, []).append(label)
        return found


def label_of(name: str) -> str:
    return str(LABELS[name][0]) if name in LABELS else name


def draft_of(integration: Integration, options: Mapping[str, JSONValue]) -> MappingDraft:
    """Own parts lie over those of the preset that the options name."""
    mapping = integration.mapping
    presets = mapping.presets if mapping is not None else {}
    preset = presets.get(str(options.get(PRESET) or ""), {})

    def part(name: str) -> dict[str, str]:
        both = {**_texts(preset.get(name)), **_texts(options.get(name))}
        return {key: value for key, value in both.items() if value}

    paths = part(PATHS)
    names = mapping.paths if mapping is not None else ()
    return MappingDraft(
        {name: paths.get(name, "") for name in names},
        {name: list(part(name).items()) for name in TABLES},
    )


def read_mapping_draft(posted: QueryDict, integration: Integration) -> MappingDraft:
    names = integration.mapping.paths if integration.mapping is not None else ()
    draft = MappingDraft(
        {name: posted.get(f"path_{name}", "").strip() for name in names},
        {name: _rows(posted, name) for name in TABLES},
    )
    draft.problems = _find_problems(draft, integration)
    return draft


def save_mapping(source: Source, draft: MappingDraft) -> None:
    """The preset is written out: what is saved is what was seen."""
    replaced = {PRESET, PATHS, *TABLES}
    kept = {name: value for name, value in source.options.items() if name not in replaced}
    source.options = {**kept, **draft.options}
    source.save(update_fields=["options"])


def _rows(posted: QueryDict, name: str) -> list[tuple[str, str]]:
    keys, values = posted.getlist(f"{name}_key"), posted.getlist(f"{name}_value")
    rows = [(key.strip(), value.strip()) for key, value in zip(keys, values, strict=False)]
    return [row for row in rows if row[0] or (row[1] and name == "fields")]


def _find_problems(draft: MappingDraft, integration: Integration) -> dict[str, str]:
    needed = next(iter(draft.paths), "")
    found = {name: _path_problem(path) for name, path in draft.paths.items()}
    if not draft.paths.get(needed):
        found[needed] = _("Pick where the title stands: without one there is nothing to show.")
    kinds, severities = integration.kinds, get_args(Severity)
    for name, rows in draft.tables.items():
        words = {"kinds": kinds, "severities": severities}.get(name)
        check: Callable[[str], str] = _path_problem if words is None else _meaning_problem(words)
        problems = [_row_problem(key, value) or check(value) for key, value in rows]
        twice = len({key.lower() for key, _value in rows}) < len(rows)
        found[name] = next(filter(None, problems), _("The same word twice.") if twice else "")
    return {name: problem for name, problem in found.items() if problem}


def _path_problem(path: str) -> str:
    steps = STEP_END.split(path) if path else []
    if any(not step for step in steps):
        return _("“%(path)s” has an empty step: write it as alerts.0.labels.severity.") % {
            "path": path[:60]
        }
    if len(steps) > MAX_STEPS:
        return _("A path has at most %(n)d steps.") % {"n": MAX_STEPS}
    return ""


def _row_problem(key: str, value: str) -> str:
    if key and value:
        return ""
    return _("“%(word)s” stands alone: fill in both columns.") % {"word": (key or value)[:60]}


def _meaning_problem(words: Collection[str]) -> Callable[[str], str]:
    def check(value: str) -> str:
        return "" if value in words else _("“%(word)s” is not known here.") % {"word": value[:60]}

    return check


def _texts(value: JSONValue) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    return {str(key): str(one) for key, one in value.items() if isinstance(one, str | int)}
