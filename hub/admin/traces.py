"""Why a rule held or not, as the pages show it: from a stored trace, or asked again today."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hub.conditions import OPERATOR_CHOICES, Check
from hub.contracts import JSONValue
from hub.explaining import Explanation
from hub.models import TriggerRule

OPERATORS = dict(OPERATOR_CHOICES)


@dataclass(frozen=True, slots=True)
class ShownCheck:
    """One condition and what was found; the operator in words."""

    path: str
    operator: str
    value: str
    actual: str
    holds: bool


@dataclass(frozen=True, slots=True)
class ShownRule:
    """A rule and its answer. `obstacle`: why it was not asked at all."""

    rule_id: int
    name: str
    holds: bool
    checks: tuple[ShownCheck, ...] = ()
    obstacle: str = ""
    restraints: tuple[str, ...] = ()
    is_complete: bool = True  # False: the conditions after the deciding one were not looked at


def read_trace(trace: Mapping[str, JSONValue]) -> ShownRule | None:
    """One entry of Event.trace, or Delivery.trace."""
    if not trace:
        return None
    checks = trace.get("checks")
    rule_id = trace.get("rule")
    return ShownRule(
        rule_id=rule_id if isinstance(rule_id, int) else 0,
        name=str(trace.get("name") or ""),
        holds=bool(trace.get("holds", True)),
        checks=tuple(_stored_checks(checks if isinstance(checks, list) else [])),
        is_complete=False,
    )


def show(rule: TriggerRule, explanation: Explanation) -> ShownRule:
    """What the rule answers today."""
    return ShownRule(
        rule_id=rule.pk or 0,
        name=rule.name,
        holds=explanation.holds,
        checks=tuple(show_check(check) for check in explanation.checks),
        obstacle=explanation.obstacle,
        restraints=explanation.restraints,
    )


def show_check(check: Check) -> ShownCheck:
    operator = str(OPERATORS.get(check.operator, check.operator))
    return ShownCheck(check.path, operator, check.value, check.actual, check.holds)


def _stored_checks(checks: Iterable[JSONValue]) -> Iterable[ShownCheck]:
    for check in checks:
        if isinstance(check, dict):
            path, operator, value, actual = (
                str(check.get(name) or "") for name in ("path", "operator", "value", "actual")
            )
            yield show_check(Check(path, operator, value, actual, bool(check.get("holds"))))
