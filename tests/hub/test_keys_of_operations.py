"""What docs/operations.md has people run about HUB_FERNET_KEYS does what it says."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from hub.models import (
    ActionInvocation,
    ActionTarget,
    Channel,
    MattermostServer,
    ReplacedSecret,
    Source,
    WebhookToken,
)
from tests.factories import make_channel, make_event, make_server, make_source, make_token

pytestmark = pytest.mark.django_db

PAGE = Path(__file__).resolve().parents[2] / "docs/operations.md"
BUTTONS = [{"name": "Approve", "url": "https://n8n.example.test/resume"}]


def program(heading: str) -> str:
    """The first one below this heading, without the shell around it."""
    part = PAGE.read_text().partition(f"### {heading}\n")[2]
    found = re.search(r'shell --command "\n(.*?)"\n', part, re.DOTALL)
    assert found, heading
    return found[1]


@pytest.fixture
def secrets() -> None:
    """One of everything that is encrypted."""
    server = make_server(bot_token="bot", admin_token="admin")
    make_channel(server=server, webhook_url="https://chat.example.test/hooks/abc")
    source = make_source(credentials={"token": "zammad"})
    make_token(source, signing_secret="signing", previous_signing_secret="previous")
    now = timezone.now()
    target = ActionTarget.objects.create(
        key="key",
        event=make_event(source),
        source=source,
        labels="Approve",
        buttons=BUTTONS,
        expires_at=now + timedelta(days=1),
    )
    ActionInvocation.objects.create(target=target, outcome="accepted", pressed_at=now)
    ReplacedSecret.objects.create(
        server=server, sort="incoming_webhook", external_id="abc", due_at=now
    )


def everything() -> list[Any]:
    server, token = MattermostServer.objects.get(), WebhookToken.objects.get()
    return [
        *(server.bot_token, server.admin_token, Channel.objects.get().webhook_url),
        *(token.signing_secret, token.previous_signing_secret, Source.objects.get().credentials),
        *[one.buttons for one in ActionTarget.objects.all()],
        *[one.external_id for one in ReplacedSecret.objects.all()],
    ]


@pytest.mark.usefixtures("secrets")
def test_after_a_rotation_the_old_key_is_needed_by_nothing(settings: Any) -> None:
    before, new = everything(), Fernet.generate_key().decode()
    settings.HUB_FERNET_KEYS = [new, *settings.HUB_FERNET_KEYS]

    exec(program("HUB_FERNET_KEYS"), {})  # noqa: S102  # our own page

    settings.HUB_FERNET_KEYS = [new]
    assert everything() == before


@pytest.mark.usefixtures("secrets")
def test_after_a_key_was_lost_everything_can_be_read_again(settings: Any) -> None:
    settings.HUB_FERNET_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(ImproperlyConfigured):
        everything()

    exec(program("…a key of HUB_FERNET_KEYS is lost"), {})  # noqa: S102  # our own page

    assert everything() == ["", "", "", "", "", {}]
    assert WebhookToken.objects.get().revoked_at is not None
    assert ActionInvocation.objects.count() == 1
