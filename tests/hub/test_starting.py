"""Starter rules out of a rules.yaml: every option of a rule, and what is none."""

from datetime import time
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from hub import registry
from hub.contracts import Integration
from hub.models import TriggerRule
from hub.starting import make_rule

pytestmark = pytest.mark.django_db


@pytest.fixture
def zammad() -> Integration:
    integration = registry.get("zammad")
    assert integration is not None
    return integration


def test_a_starter_rule_may_be_calm_and_ask(zammad: Integration) -> None:
    options: dict[str, Any] = {
        "repeat_minutes": 30,
        "quiet_from": "22:00",
        "quiet_until": "07:00",
        "quiet_afterwards": "digest",
        "press_audience": "members",
        "presses_needed": 2,
    }

    make_rule({"key": "night", "name": "At night", **options}, zammad, {})

    rule = TriggerRule.objects.get()
    assert (rule.repeat_minutes, rule.quiet_from, rule.presses_needed) == (30, time(22), 2)


@pytest.mark.parametrize(
    "wrong", [{"repeat_minuts": 5}, {"presses_needed": 9}, {"threading": "knitting"}]
)
def test_what_is_no_option_is_refused(zammad: Integration, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        make_rule({"key": "wrong", "name": "Wrong", **wrong}, zammad, {})

    assert not TriggerRule.objects.exists()
