"""Many rows in one statement: new ones, and those that are there already."""

import pytest

from hub.models import Reference, Source
from hub.sql import is_postgresql, save_rows
from tests.factories import NOON, make_source

pytestmark = pytest.mark.django_db
KEY = ("source", "external_id", "created_marker")


def reference(source: Source, external_id: str, title: str, url: str = "") -> Reference:
    return Reference(
        source=source,
        external_id=external_id,
        display=f"#{external_id}",
        title=title,
        url=url,
        updated_at=NOON,
    )


def test_a_row_whose_key_is_known_is_changed_and_keeps_its_id() -> None:
    source = make_source()
    known = reference(source, "23", "Old title")
    known.save()
    again, fresh = reference(source, "23", "New title"), reference(source, "22", "Another")

    found = save_rows([again, fresh], key=KEY, changing=("title", "updated_at"))

    assert again.pk == known.pk
    assert found == ([again] if is_postgresql() else [again, fresh])
    assert dict(Reference.objects.values_list("pk", "title")) == {
        known.pk: "New title",
        fresh.pk: "Another",
    }


def test_a_field_that_is_not_named_stays_as_it_was() -> None:
    source = make_source()
    known = reference(source, "23", "Title", "https://redmine.example.test/issues/23")
    known.save()

    save_rows([reference(source, "23", "Title")], key=KEY, changing=("title",))

    known.refresh_from_db()
    assert known.url == "https://redmine.example.test/issues/23"
