"""What the other side has to be told for a rule: the webhooks of its kinds, to be copied."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from django.db.models import Q

from hub import registry
from hub.admin.recipes import PLACE, secret_place
from hub.contracts import Recipe
from hub.models import Source, TriggerRule, WebhookToken
from hub.tokens import hook_url, newest_token

NOT_IN_ID: Final = re.compile(r"[^\w-]+")


@dataclass(frozen=True, slots=True)
class ShownRecipe:
    """One webhook; `entries` with an id for each, to be copied by."""

    kind: str
    meaning: str
    note: str
    entries: tuple[tuple[str, str, str], ...]  # id, name, text


def recipes_of_rule(rule: TriggerRule) -> list[ShownRecipe]:
    """Of the rule's source, or of the one source that its integration has."""
    source = rule.source
    if source is None:
        sources = list(Source.objects.filter(integration=rule.integration)[:2])
        source = sources[0] if len(sources) == 1 else None
    return _shown(rule.integration or (source.integration if source else ""), rule.kinds, source)


def recipes_of_source(source: Source) -> list[ShownRecipe]:
    """For all kinds that its active rules are about; a rule about every kind asks for none."""
    about = Q(source=source) | Q(source=None, integration=source.integration)
    rows = TriggerRule.objects.filter(about, is_active=True).values_list("kinds", flat=True)
    kinds = {kind for row in rows for kind in row}
    return _shown(source.integration, kinds, source) if kinds else []


def _shown(name: str, kinds: Collection[str], source: Source | None) -> list[ShownRecipe]:
    integration = registry.get(name)
    if integration is None:
        return []
    token = newest_token(source) if source is not None else None
    filled = _filling(token)
    found = [one for one in integration.recipes if not kinds or one.kind in kinds]
    return [_filled(one, integration.kinds.get(one.kind, ""), filled) for one in found]


def _filling(token: WebhookToken | None) -> Mapping[str, str]:
    prefix = f"{token.prefix}…" if token is not None else "…"
    return {"url": hook_url(prefix), "secret": secret_place(token)}


def _filled(recipe: Recipe, meaning: str, filled: Mapping[str, str]) -> ShownRecipe:
    entries = (
        (
            NOT_IN_ID.sub("-", f"recipe-{recipe.kind}-{name}"),
            name,
            PLACE.sub(lambda found: filled[found[1]], text),
        )
        for name, text in recipe.entries.items()
    )
    return ShownRecipe(recipe.kind, meaning, recipe.note, tuple(entries))
