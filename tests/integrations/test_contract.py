"""The contract suite: every integration inherits it by having recorded requests."""

from dataclasses import replace

import pytest
from django.db import transaction
from django.test import Client
from pytest_django import DjangoDbBlocker

from hub import registry
from hub.contracts import InboundRequest, Integration, PayloadError, SourceView, VerificationError
from hub.models import Channel, Event, Refusal, Source
from hub.rules import RuleIndex, load_rules
from hub.starting import load_starter_set
from hub.wording import load_document
from tests.factories import make_channel, make_source, make_token
from tests.recorded import RECORDED_SECRET, Recording, describe, is_accepting, recordings

RECORDINGS = list(recordings())
INTEGRATIONS = list(registry.all_integrations())
SIGNED = [one for one in RECORDINGS if one.integration.verify is not None]
# GitLab's plain token is the secret itself: it proves the sender and not the body.
SEALED = [one for one in SIGNED if RECORDED_SECRET not in one.request().headers.values()]
SURPRISES = [b"[]", b"{}", b'"text"', b"null", b"1", b'{"ticket": 5}', b'{"a": {"b": [null]}}']

each_recording = pytest.mark.parametrize("recording", RECORDINGS, ids=lambda one: one.name)
each_signed = pytest.mark.parametrize("recording", SIGNED, ids=lambda one: one.name)
each_sealed = pytest.mark.parametrize("recording", SEALED, ids=lambda one: one.name)
each_integration = pytest.mark.parametrize("integration", INTEGRATIONS, ids=lambda one: one.name)


@pytest.fixture(scope="session")
def starter_rules(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> RuleIndex:
    """Compiled once; the rows are gone again before any test begins."""
    with django_db_blocker.unblock(), transaction.atomic():
        load_starter_set()
        index = load_rules(version=1)
        transaction.set_rollback(True)
    return index


@each_recording
@pytest.mark.django_db  # without one test that says so, pytest-django makes no test database
def test_a_recorded_request_is_rendered_exactly(
    recording: Recording, starter_rules: RuleIndex
) -> None:
    described = describe(recording, starter_rules)

    if is_accepting():
        recording.expected_path.write_text(described)
    assert described == recording.expected_path.read_text()


@each_recording
def test_a_recorded_request_has_only_declared_kinds(recording: Recording) -> None:
    if recording.kind == "unknown":
        with pytest.raises(PayloadError):
            recording.integration.parse(recording.request(), recording.source)
        return

    event = recording.integration.parse(recording.request(), recording.source)

    assert event.kinds[0] == recording.kind
    assert set(event.kinds) <= set(recording.integration.kinds)


@each_recording
def test_a_recorded_request_is_accepted_once_and_known_again(
    recording: Recording, client: Client, db: None
) -> None:
    url = f"/hooks/{issue_hook(recording.integration)}"
    request = recording.request()

    first = post(client, url, request)
    again = post(client, url, request)

    assert first.status_code in (200, 202)
    assert again.status_code == 200
    assert Event.objects.get().body == request.body


@each_sealed
def test_a_recorded_signature_covers_the_raw_bytes(recording: Recording) -> None:
    verify = recording.integration.verify
    assert verify is not None
    request = recording.request()

    with pytest.raises(VerificationError):
        verify(replace(request, body=request.body + b" "), RECORDED_SECRET)


@each_signed
def test_a_recorded_sender_is_proven(recording: Recording) -> None:
    verify = recording.integration.verify
    assert verify is not None
    request = recording.request()

    verify(request, RECORDED_SECRET)

    with pytest.raises(VerificationError):
        verify(replace(request, headers={}), RECORDED_SECRET)
    with pytest.raises(VerificationError):
        verify(request, "another secret")
    with pytest.raises(VerificationError):
        verify(request, "")


@each_signed
def test_a_test_request_is_signed_as_the_system_would(recording: Recording) -> None:
    verify, sign = recording.integration.verify, recording.integration.sign
    assert verify is not None
    assert sign is not None
    request = recording.request()

    headers = {**request.headers, **sign(request, "a secret of its own")}

    verify(replace(request, headers=headers), "a secret of its own")
    with pytest.raises(VerificationError):
        verify(replace(request, headers=headers), "another secret")


@each_signed
def test_a_rotated_secret_is_accepted_beside_the_new_one(
    recording: Recording, client: Client, db: None
) -> None:
    token = issue_hook(
        recording.integration, signing_secret="new", previous_signing_secret=RECORDED_SECRET
    )

    response = post(client, f"/hooks/{token}", recording.request())

    assert response.status_code in (200, 202)


@each_signed
def test_a_wrong_signature_is_401_with_a_row(
    recording: Recording, client: Client, db: None
) -> None:
    token = issue_hook(recording.integration, signing_secret="not the recorded one")

    response = post(client, f"/hooks/{token}", recording.request())

    assert response.status_code == 401
    assert Refusal.objects.get().status_code == 401
    assert Event.objects.count() == 0


@each_integration
@pytest.mark.parametrize("body", SURPRISES)
def test_a_surprising_shape_is_unknown_and_never_an_exception(
    integration: Integration, body: bytes
) -> None:
    request = InboundRequest(method="POST", body=body, headers={"content-type": "application/json"})

    outcome = read(integration, request)

    assert outcome
    assert "None" not in outcome


@each_integration
def test_an_undecodable_body_is_400_with_a_row(
    integration: Integration, client: Client, db: None
) -> None:
    url = f"/hooks/{issue_hook(integration)}"

    response = client.post(url, b"\x00{not json", content_type="application/json")

    assert response.status_code == 400
    assert Refusal.objects.get().body_excerpt == "�{not json"


@each_integration
def test_every_declared_kind_and_starter_rule_is_well_made(
    integration: Integration, db: None
) -> None:
    load_starter_set()

    rules = load_document(integration).get("rules") or []

    assert integration.kinds
    assert {kind for rule in rules for kind in rule.get("kinds", [])} <= set(integration.kinds)
    assert (integration.folder / "README.md").read_text().startswith("# ")


def issue_hook(integration: Integration, **fields: str) -> str:
    source = Source.objects.filter(integration=integration.name).first() or make_source(
        integration.name, integration.label
    )
    channel = Channel.objects.first() or make_channel("support")
    _row, text = make_token(source, default_channel=channel, allowed_channels=[channel], **fields)
    return text


def post(client: Client, url: str, request: InboundRequest):  # type: ignore[no-untyped-def]
    query = "&".join(f"{name}={value}" for name, value in request.query.items())
    headers = {name: value for name, value in request.headers.items() if name != "content-type"}
    return client.post(
        f"{url}?{query}",
        request.body,
        content_type=request.headers.get("content-type", "application/json"),
        headers=headers,
    )


def test_payload_files_come_in_threes() -> None:
    missing = [
        one.name
        for one in RECORDINGS
        if not (one.path.with_suffix(".headers").exists() and one.expected_path.exists())
    ]

    assert missing == []


def read(integration: Integration, request: InboundRequest) -> str:
    """The title, or the sentence about the surprise."""
    try:
        integration.identify(request)
        event = integration.parse(request, SourceView("source", "https://x.example.test"))
    except PayloadError as error:
        return str(error)
    return event.title or " ".join(event.kinds) or event.ignored_because
