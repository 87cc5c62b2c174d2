"""Secrets: encrypted at rest, masked in text, hashed where only a comparison is needed."""

import pytest
from cryptography.fernet import Fernet
from django.core import serializers
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from pytest_django import Settings

from hub.models import MattermostServer, Source
from hub.secrets import decrypt, encrypt, hash_token, mask_secrets, new_token, resolve
from tests.factories import make_server, make_source, make_token


@pytest.mark.django_db
def test_a_stored_secret_is_ciphertext() -> None:
    make_server(bot_token="the-bot-token")

    with connection.cursor() as cursor:
        cursor.execute("SELECT bot_token FROM hub_mattermostserver")
        stored = cursor.fetchone()[0]

    assert "the-bot-token" not in stored
    assert MattermostServer.objects.get().bot_token == "the-bot-token"


@pytest.mark.django_db
def test_credentials_survive_being_dumped_and_loaded() -> None:
    source = make_source(credentials={"token": "t0p", "user": "hub"})

    dumped = serializers.serialize("json", [source])
    Source.objects.all().delete()
    next(iter(serializers.deserialize("json", dumped))).save()

    assert Source.objects.get().credentials == {"token": "t0p", "user": "hub"}


def test_a_secret_cannot_be_read_with_another_key(settings: Settings) -> None:
    sealed = encrypt("secret")
    settings.HUB_FERNET_KEYS = [Fernet.generate_key().decode()]

    with pytest.raises(ImproperlyConfigured, match="put the old key back"):
        decrypt(sealed)


def test_an_old_key_behind_the_new_one_still_opens(settings: Settings) -> None:
    sealed = encrypt("secret")
    settings.HUB_FERNET_KEYS = [Fernet.generate_key().decode(), *settings.HUB_FERNET_KEYS]

    assert decrypt(sealed) == "secret"


@pytest.mark.django_db
def test_a_token_is_stored_as_its_hash_only() -> None:
    row, text = make_token(make_source())

    assert row.sha256 == hash_token(text)
    assert text not in str(vars(row))


def test_a_token_looks_like_a_mattermost_hook_id() -> None:
    token = new_token()

    assert len(token) == 26
    assert token.isascii()
    assert token == token.lower()


def test_a_secret_may_stand_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_TOKEN", "from outside")

    assert resolve("env:BOT_TOKEN") == "from outside"
    assert resolve("env:NOT_SET") == ""


@pytest.mark.parametrize(
    "secret",
    [
        "password=hunter2hunter2",
        "Authorization: Bearer abcdef0123456789",
        "https://user:pa55word@db.example.test",
        "https://mattermost.example.test/hooks/abcdefghijklmnopqrstuvwxyz",
        "ghp_0123456789abcdefghij0123456789abcdef",
        "glpat-0123456789abcdefghij",
        "AKIAIOSFODNN7EXAMPLE",
        "whsec_MDEyMzQ1Njc4OWFiY2RlZjAx",
        "-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----",
    ],
)
def test_what_looks_like_a_credential_is_masked(secret: str) -> None:
    masked = mask_secrets(f"see {secret} there")

    assert "•••••" in masked
    assert masked.startswith("see ")
    assert secret not in masked


@pytest.mark.parametrize("text", ["Password reset fails", "token expired", "ZD#74001", "a: b@c"])
def test_plain_words_are_left_alone(text: str) -> None:
    assert mask_secrets(text) == text
