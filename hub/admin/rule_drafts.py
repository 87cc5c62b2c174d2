"""A rule as it stands in the form, not saved: what it would do with an event, or with many."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.forms import inlineformset_factory
from django.http import HttpRequest

from hub.admin.rule_forms import ConditionForm, RuleTextForm
from hub.admin.theme import ModelForm
from hub.conditions import compile_conditions
from hub.explaining import Explanation, Recalled, explain_compiled, rehearse
from hub.matching import Planned, match_event
from hub.models import Condition, Event, RuleText, TriggerRule
from hub.rules import ANY_KIND, CompiledChannel, CompiledRule, RuleIndex, compile_rule, load_rules
from hub.wording import Wording

ConditionFormSet = inlineformset_factory(TriggerRule, Condition, form=ConditionForm, extra=0)
RuleTextFormSet = inlineformset_factory(TriggerRule, RuleText, form=RuleTextForm, extra=0)


@dataclass(frozen=True, slots=True)
class Draft:
    """`rule` is in memory only; `problems` are what the form objects to."""

    rule: TriggerRule
    compiled: CompiledRule
    index: RuleIndex  # all active rules, this one as it was stored left out
    problems: tuple[str, ...] = ()


def read_draft(request: HttpRequest, form_class: type[ModelForm], stored: Any) -> Draft:
    """What can be used of the form, however unfinished it is."""
    form = form_class(request.POST, instance=stored or TriggerRule())
    conditions = ConditionFormSet(request.POST, instance=form.instance, prefix="conditions")
    texts = RuleTextFormSet(request.POST, instance=form.instance, prefix="texts")
    checked = (form, *conditions.forms, *texts.forms)
    problems = [problem for one in checked for problem in _problems(one)]
    rule: TriggerRule = form.instance
    rule.is_active, rule.pk = True, rule.pk or 0
    index = _without(load_rules(0), rule.pk)
    compiled = replace(
        compile_rule(rule),
        conditions=compile_conditions(
            [(one["path"], one["operator"], one["value"]) for one in _rows(conditions, "path")],
            "any" if rule.grouping == TriggerRule.Grouping.ANY else "all",
        ),
        channels=tuple(_channels(form.cleaned_data.get("channels") or (), index)),
        wordings={one["language"]: _wording(one) for one in _rows(texts, "language")},
    )
    return Draft(rule, compiled, index, tuple(dict.fromkeys(problems)))


def try_draft(draft: Draft, recalled: Recalled) -> tuple[Explanation, Sequence[Planned]]:
    """Whether it holds, and what it sends: with the other rules where it holds, else alone."""
    explanation = explain_compiled(recalled, draft.rule, draft.compiled.conditions)
    if not explanation.holds:
        return explanation, rehearse(recalled, draft.compiled, draft.index.channels)
    planned = match_event(recalled.parsed, _with(draft, recalled)).planned
    return explanation, [one for one in planned if one.rule.id == draft.compiled.id]


def recent_events(rule: TriggerRule, limit: int, kinds: Iterable[str] = ()) -> list[Event]:
    """The newest events of what the rule is about, of `kinds` where some are given."""
    rows = Event.objects.select_related("source", "token", "reference")
    if rule.source is not None:
        rows = rows.filter(source=rule.source)
    else:
        rows = rows.filter(source__integration=rule.integration)
    if kinds:
        rows = rows.filter(kind__in=list(kinds))
    rows = rows.exclude(kind="").prefetch_related("token__allowed_channels")
    return list(rows.order_by("-pk")[:limit])


def _with(draft: Draft, recalled: Recalled) -> RuleIndex:
    """The other rules and the draft, for the event's integration and any kind."""
    received, event = recalled.parsed.received, recalled.parsed.event
    kinds = event.kinds if event is not None else ()
    name = received.integration.name
    others = draft.index.shelf(name, kinds, received.source_id).rules
    mine = replace(draft.compiled, source_id=None)
    return replace(draft.index, rules={(name, ANY_KIND): (*others, mine)})


def _without(index: RuleIndex, rule_id: int) -> RuleIndex:
    rules = {
        key: tuple(rule for rule in rules if rule.id != rule_id)
        for key, rules in index.rules.items()
    }
    return replace(index, rules=rules)


def _problems(form: ModelForm) -> list[str]:
    return [
        f"{form.fields[name].label or name}: {error}" if name in form.fields else str(error)
        for name, errors in form.errors.items()
        for error in errors
    ]


def _rows(formset: Any, needed: str) -> list[dict[str, str]]:
    """As typed: what cannot work is shown not to. Rows that are empty or to be deleted are not."""
    rows = [{name: str(form[name].value() or "") for name in form.fields} for form in formset.forms]
    return [row for row in rows if row[needed] and row.get("DELETE", "") in ("", "False")]


def _channels(rows: Iterable[Any], index: RuleIndex) -> Iterable[CompiledChannel]:
    return [index.channels[row.pk] for row in rows if row.pk in index.channels]


def _wording(row: dict[str, str]) -> Wording:
    return Wording(row["line"], row["title"], row["body"], row["fields"])
