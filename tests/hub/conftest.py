"""What tests share: a Mattermost and its channel, a matcher, and somebody who types commands."""

from collections.abc import Iterator

import pytest

from hub import registry
from hub.models import Channel, MattermostServer, ReferencePattern, SlashCommand, Source
from tests.commands import Keyboard, make_command
from tests.factories import make_channel, make_server, make_source
from tests.notebook import INTEGRATION, NOTEBOOK, Notebook
from tests.pumping import Pump
from tests.standins.mattermost import MattermostStandin


@pytest.fixture
def server(standin: MattermostStandin) -> MattermostServer:
    return make_server(base_url=standin.url, bot_token=standin.token)


@pytest.fixture
def support(server: MattermostServer) -> Channel:
    return make_channel("support", server)


@pytest.fixture
def pump() -> Iterator[Pump]:
    pump = Pump()
    yield pump
    pump.close()


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Notebook:
    monkeypatch.setitem(registry._integrations, INTEGRATION.name, INTEGRATION)
    NOTEBOOK.clear()
    NOTEBOOK.add("#23")
    NOTEBOOK.add("#24", "Printer on fire")
    return NOTEBOOK


@pytest.fixture
def source(notebook: Notebook) -> Source:
    source = make_source("notebook", "Notebook")
    ReferencePattern.objects.create(source=source, pattern=r"#(\d+)", display="#{}")
    return source


@pytest.fixture
def command(server: MattermostServer) -> SlashCommand:
    return make_command(server)


@pytest.fixture
def keyboard(standin: MattermostStandin, command: SlashCommand, source: Source) -> Keyboard:
    return Keyboard(standin)
