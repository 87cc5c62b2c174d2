"""Why a rule does or does not hold for a stored event, asked again today."""

import json

import pytest

from hub.explaining import explain, recall, rehearse
from hub.models import Event, Reference
from hub.rules import compile_rule, load_rules
from tests.factories import make_channel, make_event, make_rule, make_source, zammad_body

pytestmark = pytest.mark.django_db


def zammad_event(**fields: object) -> Event:
    """A new P1 ticket, ZD#74001, as it was stored."""
    body = json.dumps(zammad_body()).encode()
    return make_event(make_source(), body=body, **({"event_hint": "created"} | fields))


def test_the_exact_condition_that_fails_is_named() -> None:
    rule = make_rule(
        conditions=(("title", "contains", "shop"), ("group", "equals", "Sales")),
    )

    explanation = explain(zammad_event(), rule)

    assert not explanation.holds
    assert [check.holds for check in explanation.checks] == [True, False]
    assert explanation.checks[1].actual == "Support"


def test_all_conditions_are_shown_not_only_the_deciding_one() -> None:
    rule = make_rule(conditions=(("group", "equals", "Sales"), ("title", "exists", "")))

    explanation = explain(zammad_event(), rule)

    assert [check.holds for check in explanation.checks] == [False, True]


def test_a_rule_that_holds_has_no_obstacle() -> None:
    explanation = explain(zammad_event(), make_rule(kinds=("ticket.created",)))

    assert explanation.holds
    assert explanation.obstacle == ""


def test_a_rule_about_another_kind_is_not_asked() -> None:
    explanation = explain(zammad_event(), make_rule(kinds=("ticket.closed",)))

    assert not explanation.holds
    assert explanation.obstacle == ("the rule is about ticket.closed, the event is ticket.created")


def test_a_rule_of_another_source_is_not_asked() -> None:
    event = zammad_event()
    rule = make_rule(source=make_source(name="Zammad of Klant BV"))

    explanation = explain(event, rule)

    assert explanation.obstacle == "the rule is about the source “Zammad of Klant BV” only"


def test_a_rule_that_is_switched_off_is_not_asked() -> None:
    explanation = explain(zammad_event(), make_rule(is_active=False))

    assert explanation.obstacle == "the rule is switched off"


def test_an_event_that_was_not_understood_says_so() -> None:
    event = make_event(make_source(), body=b'{"unexpected": 1}')

    explanation = explain(event, make_rule())

    assert explanation.obstacle.startswith("the event could not be understood: ")


def test_an_event_whose_integration_is_gone_can_still_be_asked_about() -> None:
    event = make_event(make_source("discontinued"), body=b"{}")

    assert recall(event) is None
    assert "not installed" in explain(event, make_rule()).obstacle


def test_what_was_looked_up_then_is_used_and_nothing_is_asked_again() -> None:
    event = zammad_event(
        is_enriched=True, kinds=["ticket.tagged"], title="Webshop", data={"tags": ["mattermost"]}
    )
    rule = make_rule(kinds=("ticket.tagged",), conditions=(("tags", "contains", "mattermost"),))

    assert explain(event, rule).holds


def test_an_event_whose_body_is_pruned_is_read_from_its_row() -> None:
    source = make_source()
    reference = Reference.objects.create(source=source, external_id="1", display="ZD#1")
    event = make_event(source, kinds=["ticket.created"], reference=reference, data={"group": "X"})

    explanation = explain(event, make_rule(conditions=(("reference", "equals", "ZD#1"),)))

    assert explanation.holds


def test_a_change_is_seen_against_the_event_before_it() -> None:
    source = make_source()
    reference = Reference.objects.create(source=source, external_id="1", display="ZD#1")
    told = {"kinds": ["ticket.updated"], "reference": reference}
    make_event(source, **told, state="matched", data={"owner": "anja"})
    later = make_event(source, **told, data={"owner": "bo"})

    explanation = explain(later, make_rule(conditions=(("owner", "changed", ""),)))

    assert explanation.holds


def test_a_rehearsal_words_the_message_although_the_rule_does_not_hold() -> None:
    channel = make_channel("support")
    rule = make_rule(channel, line="Down: {{ title }}", conditions=(("group", "equals", "Sales"),))
    recalled = recall(zammad_event())
    assert recalled is not None

    planned = rehearse(recalled, compile_rule(rule), load_rules(0).channels)

    assert [one.messages[0].text for one in planned] == ["Down: Webshop down"]
    assert Event.objects.get().deliveries.count() == 0
