"""A browser that is logged in to the hub's admin."""

from collections.abc import Iterator

import pytest
from django.test import Client
from playwright.sync_api import BrowserContext, Page

from tests.browser.chromium import running_chromium


@pytest.fixture
def context(hub_url: str, admin_client: Client, chromium_path: str) -> Iterator[BrowserContext]:
    """A browser that is logged in."""
    session = admin_client.cookies["sessionid"].value
    with running_chromium(chromium_path) as browser:
        context = browser.new_context(base_url=hub_url)
        context.add_cookies([{"name": "sessionid", "value": session, "url": hub_url}])
        yield context


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()
