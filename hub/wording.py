"""The words of a message: a rule's own, else the integration's for the kind, else plain ones."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from hub.contracts import Integration

FALLBACK_LANGUAGE = "en"
RULES_FILE = "rules.yaml"

Document: TypeAlias = Mapping[str, Any]  # what a YAML file holds


@dataclass(frozen=True, slots=True)
class Wording:
    """Four templates; an empty one is taken from the next wording in line.

    `fields` has one `Label: template` a line.
    """

    line: str = ""
    title: str = ""
    body: str = ""
    fields: str = ""

    def or_else(self, other: "Wording") -> "Wording":
        return Wording(
            self.line or other.line,
            self.title or other.title,
            self.body or other.body,
            self.fields or other.fields,
        )


PLAIN = Wording(line="{{ title | default(kind) }}", title="{{ reference }} {{ title }}")


def load_document(integration: Integration) -> Document:
    """The integration's rules.yaml; empty when it has none."""
    return _load(integration.folder / RULES_FILE)


def default_wording(integration: Integration, kind: str, language: str) -> Wording:
    """The integration's words for `kind`, then its words for every kind, then the plain ones."""
    return _default(integration.folder / RULES_FILE, kind, language)


@lru_cache(maxsize=64)
def _load(path: Path) -> Document:
    return (yaml.safe_load(path.read_text()) or {}) if path.exists() else {}


@lru_cache(maxsize=2048)
def _default(path: Path, kind: str, language: str) -> Wording:
    document = _load(path).get("wording") or {}
    own, shared = document.get(kind) or {}, document.get("default") or {}
    return from_document(own, language).or_else(from_document(shared, language)).or_else(PLAIN)


def from_document(document: Document, language: str) -> Wording:
    """`{line: {en, nl}, …}` or `{line: "the same in every language"}`."""
    return Wording(*(_in_language(document.get(f.name), language) for f in fields(Wording)))


def _in_language(value: object, language: str) -> str:
    if isinstance(value, Mapping):
        return str(value.get(language) or value.get(FALLBACK_LANGUAGE) or "").strip()
    return str(value or "").strip()
