"""Which forge sent it, whether that is proven, and whether it was sent before."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hub.contracts import Identity, InboundRequest, PayloadError, SourceView, VerificationError
from integrations.git.events import parse as parse_event
from integrations.git.forges import find_forge, identify, verify
from tests.integrations.git_requests import inbound, parse
from tests.standins.git import gitlab_payloads, payloads
from tests.standins.git.payloads import BART, GITEA, GITHUB
from tests.standins.git.sending import forgejo, gitea, github, gitlab, send_again

BODY = b'{"hello":"hub"}'
SECRET = "hub-secret-1"
DIGEST = "a2a763c1dd767d7450b6426e4670199d3aef1a4c4223f78835ca7b1830aeb6e7"
SIGNING_TOKEN = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
SIGNED_AT = datetime.fromtimestamp(1795507200, UTC)
SIGNED = {
    "x-gitlab-event": "Push Hook",
    "webhook-id": "f5e5f430-f57b-4e6e-9fac-d9128cd7232f",
    "webhook-timestamp": "1795507200",
    "webhook-signature": "v1,+EyfFUyIXJjk09rBCrx5ididJoMqs4l3mUp7cbylMbI=",
}
PUSH = payloads.github_push([payloads.commit(GITHUB, "2", "Repair the login", BART)])


def make_request(headers: dict[str, str], body: bytes = BODY) -> InboundRequest:
    return InboundRequest("POST", body, headers, received_at=SIGNED_AT)


@pytest.mark.parametrize(
    "headers",
    [
        {"x-hub-signature-256": f"sha256={DIGEST}"},
        {"x-gitea-signature": DIGEST},
        {"x-gogs-signature": DIGEST},
        {"x-forgejo-signature": DIGEST, "x-gitea-signature": DIGEST},
        {"x-gitea-signature": "", "x-hub-signature-256": f"sha256={DIGEST}"},
    ],
)
def test_a_signature_is_hmac_sha256_over_the_raw_body(headers: dict[str, str]) -> None:
    request = make_request(headers)

    verify(request, SECRET)

    with pytest.raises(VerificationError, match="wrong"):
        verify(replace(request, body=BODY + b"\n"), SECRET)
    with pytest.raises(VerificationError, match="wrong"):
        verify(request, "another")


@pytest.mark.parametrize(
    "headers",
    [
        {"x-hub-signature-256": "sha256="},
        {"x-gitea-signature": "", "x-hub-signature-256": "sha256=", "x-gitea-event": "push"},
        {"x-github-event": "push"},
        {
            "x-github-event": "push",
            "x-hub-signature": "sha1=7661ef30e33a418a1cec35c70aaaafafd9d27649",
        },
        {},
    ],
)
def test_an_empty_signature_is_none(headers: dict[str, str]) -> None:
    with pytest.raises(VerificationError, match="missing"):
        verify(make_request(headers), SECRET)
    with pytest.raises(VerificationError):
        verify(make_request(headers), "")


def test_gitlab_sends_the_secret_token_itself() -> None:
    request = make_request({"x-gitlab-event": "Push Hook", "x-gitlab-token": SECRET})

    verify(request, SECRET)

    with pytest.raises(VerificationError, match="wrong"):
        verify(request, "another")
    with pytest.raises(VerificationError, match="missing"):
        verify(make_request({"x-gitlab-event": "Push Hook"}), SECRET)


def test_gitlabs_signing_token_covers_id_time_and_body() -> None:
    request = make_request(SIGNED)

    verify(request, SIGNING_TOKEN)

    with pytest.raises(VerificationError, match="wrong"):
        verify(replace(request, body=BODY + b" "), SIGNING_TOKEN)
    with pytest.raises(VerificationError, match="wrong"):
        verify(make_request(SIGNED | {"webhook-id": "another"}), SIGNING_TOKEN)
    with pytest.raises(VerificationError, match="older"):
        verify(replace(request, received_at=SIGNED_AT + timedelta(minutes=6)), SIGNING_TOKEN)


def test_one_of_several_signatures_is_enough() -> None:
    several = SIGNED | {"webhook-signature": f"v1,AAAA {SIGNED['webhook-signature']}"}

    verify(make_request(several), SIGNING_TOKEN)


def test_with_a_plain_secret_here_gitlabs_token_counts_beside_a_signature() -> None:
    both = SIGNED | {"x-gitlab-token": SECRET}

    verify(make_request(both), SECRET)
    verify(make_request(both), SIGNING_TOKEN)

    with pytest.raises(VerificationError):
        verify(make_request(SIGNED), SECRET)


def test_a_signed_form_of_gitea_says_what_to_choose() -> None:
    form = inbound(gitea("push", PUSH, secret=SECRET, form=True))

    with pytest.raises(VerificationError, match=r"Gitea .* choose application/json"):
        verify(form, SECRET)


def test_a_signed_form_of_github_is_proven_and_read() -> None:
    form = github("push", PUSH, secret=SECRET, form=True)

    verify(inbound(form), SECRET)

    assert parse(form) == parse(github("push", PUSH))


@pytest.mark.parametrize(
    ("request_of", "name"),
    [
        (github("push", PUSH), "github"),
        (gitlab("Push Hook", gitlab_payloads.push([]), now=None), "gitlab"),
        (gitea("push", PUSH), "gitea"),
        (forgejo("push", PUSH), "forgejo"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_the_headers_say_which_forge_it_is(request_of, name: str) -> None:  # type: ignore[no-untyped-def]
    forge = find_forge(inbound(request_of))

    assert forge is not None
    assert forge.name == name
    assert parse(request_of).data["forge"] == name


def test_the_option_says_it_over_the_headers() -> None:
    assert parse(forgejo("push", PUSH), forge="GitHub").data["forge"] == "github"


def test_an_option_that_names_no_forge_lists_those_there_are() -> None:
    with pytest.raises(PayloadError, match="forgejo, gitea, gogs, gitlab, github") as raised:
        parse(github("push", PUSH), forge="bitbucket")

    assert raised.value.path == "forge"


def test_a_body_without_a_forges_headers_is_unknown() -> None:
    with pytest.raises(PayloadError, match="X-GitHub-Event"):
        parse_event(make_request({}), SourceView("Git"))


def test_the_headers_that_are_stored_suffice() -> None:
    request = inbound(forgejo("push", PUSH))
    kept = {"content-type", "x-forgejo-event", "x-gitea-event", "x-gogs-event", "x-github-event"}
    stored = {name: value for name, value in request.headers.items() if name in kept}

    event = parse_event(replace(request, headers=stored), SourceView("Git"))

    assert event == parse_event(request, SourceView("Git"))


@pytest.mark.parametrize(
    ("request_of", "header"),
    [
        (github("push", PUSH), "x-github-delivery"),
        (gitlab("Push Hook", gitlab_payloads.push([]), now=None), "idempotency-key"),
        (gitea("push", PUSH), "x-gitea-delivery"),
        (forgejo("push", PUSH), "x-forgejo-delivery"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_the_id_of_the_delivery_is_the_dedup_key(request_of, header: str) -> None:  # type: ignore[no-untyped-def]
    request = inbound(request_of)

    assert identify(request) == Identity(request.headers[header], "")


def test_the_id_that_is_signed_goes_before_one_that_is_not() -> None:
    request = make_request(SIGNED | {"idempotency-key": "forged"})

    assert identify(request).dedup_key == SIGNED["webhook-id"]


def test_only_gitea_gives_a_second_sending_an_id_of_its_own() -> None:
    first, other = github("push", PUSH), gitea("push", PUSH)

    assert identify(inbound(send_again(first))) == identify(inbound(first))
    assert identify(inbound(send_again(other))) != identify(inbound(other))


def test_an_old_gitlab_is_known_by_its_body() -> None:
    request = inbound(gitlab("Push Hook", gitlab_payloads.push([]), now=None))
    headers = {name: text for name, text in request.headers.items() if name != "idempotency-key"}

    assert identify(replace(request, headers=headers)).dedup_key is None


def test_what_it_is_about_is_shown_with_a_refusal() -> None:
    issue = payloads.issue(GITEA, 12, "Disk is full", BART)
    request = gitea("issues", payloads.gitea_event("opened", issue=issue))
    merge_request = gitlab_payloads.merge_request("open", gitlab_payloads.ANJA)

    assert identify(inbound(request)).reference == "infra#12"
    assert identify(inbound(gitlab("", merge_request, now=None))).reference == "voorraad!17"


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b"1", b'{"issue": 1}', b'{"issue": {"number": []}, "project": []}']
)
def test_a_decodable_body_of_any_shape_is_identified(body: bytes) -> None:
    assert identify(make_request({}, body)) == Identity(None, "")


def test_an_undecodable_body_is_refused_in_the_request() -> None:
    with pytest.raises(PayloadError):
        identify(make_request({"x-github-event": "push"}, b"{"))
