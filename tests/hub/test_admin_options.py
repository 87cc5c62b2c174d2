"""A source's options are listed beside the field that takes them."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import make_source

pytestmark = pytest.mark.django_db


def form_of(client: Client, pk: int, language: str = "en") -> str:
    address = reverse("admin:hub_source_change", args=[pk])
    return client.get(address, headers={"Accept-Language": language}).content.decode()


def test_the_form_of_a_source_lists_its_options(admin_client: Client) -> None:
    page = form_of(admin_client, make_source("zammad").pk)

    assert "<li><code>closed_states</code>: your own names of closed states, beside closed" in page


def test_a_dutch_administrator_reads_them_in_dutch(admin_client: Client) -> None:
    page = form_of(admin_client, make_source("zammad").pk, "nl")

    assert "<li><code>closed_states</code>: eigen namen van gesloten statussen" in page


def test_what_an_option_means_is_text_and_no_html(admin_client: Client) -> None:
    page = form_of(admin_client, make_source("redmine").pk)

    assert "[&quot;Urgent&quot;, &quot;Immediate&quot;] (the default)" in page


def test_a_system_without_options_says_so(admin_client: Client) -> None:
    page = form_of(admin_client, make_source("mattermost_compatible").pk)

    assert "This system has no options." in page


def test_a_source_that_is_not_saved_yet_says_where_they_will_be(admin_client: Client) -> None:
    page = admin_client.get(reverse("admin:hub_source_add")).content.decode()

    assert "they are listed here once it is saved." in page
