"""The index of rules: of many, only those that can hold are asked, and none is left out."""

from hypothesis import given
from hypothesis import strategies as st

from hub.conditions import compile_conditions
from hub.contracts import JSONValue
from hub.rules import FEW_RULES, CompiledRule, make_shelf

VALUES: st.SearchStrategy[JSONValue] = st.sampled_from(
    ["Acme", " acme ", "3", 3, 3.0, True, "true", None, "", "Globex", ["Acme", 3], {"a": "Acme"}]
)
CONTEXTS = st.dictionaries(st.sampled_from(["customer", "queue"]), VALUES, max_size=2)
CONDITIONS = st.lists(
    st.tuples(
        st.sampled_from(["customer", "queue", "customer.a", "*", "missing"]),
        st.sampled_from(["equals", "not_equals", "contains", "in", "exists"]),
        st.sampled_from(["acme", "ACME", "3", "3.0", "true", "", "globex"]),
    ),
    max_size=3,
)
RULES = st.lists(
    st.tuples(CONDITIONS, st.sampled_from(["all", "any"])),
    min_size=FEW_RULES + 1,
    max_size=FEW_RULES + 10,
)


def rule(id: int, rows: list[tuple[str, str, str]], grouping: str = "all") -> CompiledRule:
    return CompiledRule(
        id=id,
        name=f"rule {id}",
        order=100 - id,
        source_id=None,
        conditions=compile_conditions(rows, grouping),
        channels=(),
        to_named_channel=False,
        mentions="",
        priority="",
        threading="",
        reaction="",
        has_card=False,
        wordings={},
    )


@given(described=RULES, context=CONTEXTS)
def test_every_rule_that_holds_is_asked_in_order(
    described: list[tuple[list[tuple[str, str, str]], str]], context: dict[str, JSONValue]
) -> None:
    rules = [rule(id, rows, grouping) for id, (rows, grouping) in enumerate(described)]

    asked = make_shelf(rules).worth_asking(context)

    holding = [one for one in reversed(rules) if one.conditions.evaluate(context).holds]
    assert [one for one in asked if one.conditions.evaluate(context).holds] == holding


def test_a_thousand_customers_cost_the_question_about_one() -> None:
    rules = [rule(id, [("customer", "equals", f"customer {id}")]) for id in range(1_000)]

    asked = make_shelf(rules).worth_asking({"customer": "Customer 7"})

    assert [one.id for one in asked] == [7]


def test_few_rules_are_all_asked_so_that_each_says_why_not() -> None:
    rules = [rule(id, [("customer", "equals", f"customer {id}")]) for id in range(FEW_RULES)]

    assert len(make_shelf(rules).worth_asking({"customer": "nobody"})) == FEW_RULES
