"""Picking what stands where in the JSON of a source."""

import json
from typing import Any

import pytest
from django.test import Client

from hub.admin.json_trees import grow_tree, paths_of
from hub.models import Source
from tests.factories import make_event, make_source
from tests.hub.admin_pages import client_of, messages_of, page_url, text_of

BUILD = {"build": {"name": "Nightly", "id": 7, "state": "FAILED", "tags": ["a", "b"]}}
FORM = {
    "path_title": "build.name",
    "path_kind": "build.state",
    "path_reference": "build.id",
    "kinds_key": ["FAILED", ""],
    "kinds_value": ["alert.opened", ""],
    "severities_key": ["", ""],
    "severities_value": ["", ""],
    "fields_key": ["State", ""],
    "fields_value": ["build.state", ""],
    "on": "pasted",
    "pasted": json.dumps(BUILD),
}


@pytest.fixture
def source(db: None) -> Source:
    return make_source("generic", "Builds", options={"note": "kept", "preset": "grafana"})


def post(client: Client, source: Source, page: str = "mapping", **fields: Any) -> Any:
    return client.post(page_url("source", page, source.pk), FORM | fields, follow=True)


def test_every_value_has_the_path_that_leads_to_it() -> None:
    tree = grow_tree({"a": [{"b.c": 1}, None], "": 2}, {"a.1": ["title"]})

    assert list(paths_of(tree)) == ["a", "a.0", "a.0.b\\.c", "a.1"]
    assert tree[0].children[1].uses == ["title"]


def test_a_huge_request_is_cut_and_a_secret_masked() -> None:
    tree = grow_tree({"note": "token=abcdefghijkl", "rows": list(range(5000))}, {})

    assert len(list(paths_of(tree))) == 500
    assert "abcdefghijkl" not in tree[0].value


def test_what_is_picked_is_tried_at_once_and_stored_nowhere(
    admin_client: Client, source: Source
) -> None:
    page = text_of(post(admin_client, source, "mapping_preview"))

    source.refresh_from_db()
    assert "title Nightly" in page
    assert "alert.opened Something is wrong" in page
    assert "Alert: Nightly" in page
    assert source.options == {"note": "kept", "preset": "grafana"}


def test_what_is_saved_is_what_was_seen(admin_client: Client, source: Source) -> None:
    page = post(admin_client, source, save="1")

    source.refresh_from_db()
    assert messages_of(page) == ["Saved: this is how Builds is read."]
    assert source.options == {
        "note": "kept",
        "paths": {"title": "build.name", "kind": "build.state", "reference": "build.id"},
        "kinds": {"FAILED": "alert.opened"},
        "fields": {"State": "build.state"},
    }
    assert source.history.first().history_user.username == "admin"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"path_title": ""}, "Pick where the title stands"),
        ({"path_url": "a..b"}, "“a..b” has an empty step"),
        ({"path_url": ".".join("abcdefghijklm")}, "A path has at most 12 steps."),
        ({"kinds_value": ["nonsense", ""]}, "“nonsense” is not known here."),
        ({"kinds_value": ["", ""]}, "“FAILED” stands alone: fill in both columns."),
        (
            {"kinds_key": ["a", "A"], "kinds_value": ["alert.opened", "alert.closed"]},
            "The same word twice.",
        ),
        ({"severities_key": ["hi"], "severities_value": ["loud"]}, "“loud” is not known here."),
        ({"fields_key": [""], "fields_value": ["a.b"]}, "“a.b” stands alone"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(
    admin_client: Client, source: Source, fields: dict[str, Any], sentence: str
) -> None:
    page = post(admin_client, source, save="1", **fields)

    source.refresh_from_db()
    assert sentence in text_of(page)
    assert 'value="build.state"' in page.content.decode()
    assert "paths" not in source.options


def test_a_path_that_leads_nowhere_here_is_pointed_out(
    admin_client: Client, source: Source
) -> None:
    page = text_of(post(admin_client, source, "mapping_preview", path_url="build.nam"))

    assert "link: there is nothing at build.nam in this request." in page


@pytest.mark.parametrize("preset", ["alertmanager", "grafana", "uptime_kuma"])
def test_a_preset_starts_with_a_request_that_it_fits(
    admin_client: Client, source: Source, preset: str
) -> None:
    page = text_of(post(admin_client, source, start=preset))

    assert "alert.opened Something is wrong" in page
    assert "there is nothing at" not in page


def test_the_mapping_in_use_is_what_the_page_opens_with(
    admin_client: Client, source: Source
) -> None:
    page = admin_client.get(page_url("source", "mapping", source.pk)).content.decode()

    assert 'value="alerts.0.labels.alertname"' in page


def test_the_last_request_that_came_in_is_picked_from(admin_client: Client, source: Source) -> None:
    event = make_event(source, body=json.dumps(BUILD).encode(), state="unknown")

    page = text_of(admin_client.get(page_url("source", "mapping", source.pk)))

    assert "Nightly" in page
    assert f"#{event.pk}" not in page


def test_a_request_that_is_no_json_says_so(admin_client: Client, source: Source) -> None:
    page = text_of(post(admin_client, source, "mapping_preview", pasted="{nonsense"))

    assert "not JSON" in page


def test_a_system_that_needs_no_mapping_has_no_such_page(admin_client: Client) -> None:
    page = admin_client.get(page_url("source", "mapping", make_source().pk))

    assert page.status_code == 404


@pytest.mark.parametrize("page", ["mapping", "mapping_preview"])
def test_who_may_only_look_picks_nothing(source: Source, page: str) -> None:
    answered = client_of("view_source").post(page_url("source", page, source.pk), FORM)

    assert answered.status_code == 403


def test_events_are_offered_to_those_only_who_may_see_them(source: Source) -> None:
    make_event(source, body=b'{"plan": "hidden plan"}', state="unknown")

    page = client_of("change_source").get(page_url("source", "mapping", source.pk))

    assert "hidden plan" not in text_of(page)
