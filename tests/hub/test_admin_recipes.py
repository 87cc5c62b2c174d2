"""What the other side has to be told, and the tables of a source."""

import re
from typing import Any

import pytest
from django.test import Client

from hub.models import Source
from integrations.erpnext import INTEGRATION
from integrations.erpnext.recipes import WEBHOOKS
from tests.factories import make_channel, make_rule, make_source, make_token
from tests.hub.admin_pages import client_of, messages_of, page_url, text_of

ROW = re.compile(
    r"\| (\w+) \| `\{\{ url \}\}\?event=([\w.]+)` \| (?:`([^`]+)`)? ?\|$", re.MULTILINE
)


@pytest.fixture
def source(db: None) -> Source:
    return make_source("erpnext", "ERPNext", options={"zone": "UTC", "prefixes": {"F-": "X"}})


def post(client: Client, source: Source, keys: list[str], values: list[str]) -> Any:
    form = {"prefixes_key": keys, "prefixes_value": values}
    return client.post(page_url("source", "tables", source.pk), form, follow=True)


def test_the_rule_shows_the_webhook_that_it_needs(admin_client: Client, source: Source) -> None:
    token, _text = make_token(source, signing_secret="hidden-secret")
    rule = make_rule(make_channel(), integration="erpnext", kinds=("invoice.paid",))

    answered = admin_client.get(page_url("triggerrule", "change", rule.pk))

    page = text_of(answered)
    assert [one.kind for one in answered.context["recipes"]] == ["invoice.paid"]
    assert f"/hooks/{token.prefix}…?event=invoice.paid" in page
    assert 'doc.status=="Paid" and doc.has_value_changed("status")' in page
    assert '"doc": {{ doc|tojson }} }' in page
    assert "Content-Type: application/json" in page
    assert "hidden-secret" not in page


def test_a_kind_that_no_webhook_sends_says_why(admin_client: Client, source: Source) -> None:
    rule = make_rule(make_channel(), integration="erpnext", kinds=("invoice.overdue",))

    page = text_of(admin_client.get(page_url("triggerrule", "change", rule.pk)))

    assert "calls no webhook for it" in page


def test_the_setup_page_has_the_webhooks_of_all_rules(admin_client: Client, source: Source) -> None:
    make_rule(make_channel(), integration="erpnext", kinds=("invoice.paid",))

    page = text_of(admin_client.get(page_url("source", "setup", source.pk)))

    assert "Webhooks that your rules need invoice.paid An invoice was paid" in page


def test_the_recipes_are_those_of_the_readme() -> None:
    rows = ROW.findall((INTEGRATION.folder / "README.md").read_text())

    written = {kind: (event, condition) for event, kind, condition in rows}

    own = {kind: WEBHOOKS[kind][1:] for kind in WEBHOOKS if not kind.startswith("document.")}
    assert written == own


def test_there_is_a_recipe_for_every_kind() -> None:
    assert {one.kind for one in INTEGRATION.recipes} == set(INTEGRATION.kinds)


def test_the_prefixes_are_shown_with_the_usual_ones(admin_client: Client, source: Source) -> None:
    page = admin_client.get(page_url("source", "tables", source.pk))

    assert 'value="F-"' in page.content.decode()
    assert "ACC-SINV- Sales Invoice" in text_of(page)


def test_the_prefixes_are_saved_and_the_other_options_kept(
    admin_client: Client, source: Source
) -> None:
    page = post(admin_client, source, ["FACT-", ""], ["Sales Invoice", ""])

    source.refresh_from_db()
    assert messages_of(page) == ["The tables of ERPNext are saved."]
    assert source.options == {"zone": "UTC", "prefixes": {"FACT-": "Sales Invoice"}}


@pytest.mark.parametrize(
    ("keys", "values", "sentence"),
    [
        (["FACT-"], [""], "“FACT-” stands alone: fill in both columns."),
        (["a-", "A-"], ["Task", "Issue"], "The same word twice."),
        (["x" * 150], ["Task"], "is too long."),
    ],
)
def test_a_table_that_is_wrong_says_so_and_keeps_what_was_typed(
    admin_client: Client, source: Source, keys: list[str], values: list[str], sentence: str
) -> None:
    page = post(admin_client, source, keys, values)

    source.refresh_from_db()
    assert sentence in text_of(page)
    assert f'value="{keys[0]}"' in page.content.decode()
    assert source.options["prefixes"] == {"F-": "X"}


def test_a_system_without_tables_has_no_such_page(admin_client: Client) -> None:
    page = admin_client.get(page_url("source", "tables", make_source("n8n", "n8n").pk))

    assert page.status_code == 404


def test_who_may_only_look_changes_no_table(source: Source) -> None:
    assert post(client_of("view_source"), source, ["F-"], ["Task"]).status_code == 403
