"""Incoming webhooks of the Mattermost stand-in: decoding, the order of checks, what is posted."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.hub.mattermost_api import refusal
from tests.standins.mattermost import MattermostStandin

GENERAL = "web.incoming_webhook.general.app_error"
DECODE = "web.incoming_webhook.decode.app_error"


@pytest.fixture
def standin() -> Iterator[MattermostStandin]:
    with MattermostStandin() as standin:
        yield standin


@pytest.fixture
def hook(standin: MattermostStandin) -> str:
    """The address of a hook of ~support that belongs to admin."""
    return standin.hook_url("support")


def send(url: str, body: Any, content_type: str = "application/json") -> requests.Response:
    encoded = body if isinstance(body, str) else json.dumps(body)
    headers = {"Content-Type": content_type}
    return requests.post(url, encoded.encode(), headers=headers, timeout=10)


def test_success_is_the_two_letters_ok(hook: str, standin: MattermostStandin) -> None:
    response = send(hook, {"text": "hello"})

    assert (response.status_code, response.content) == (200, b"ok")
    assert response.headers["Content-Type"] == "text/plain"
    (post,) = standin.posts("support")
    assert (post["message"], post["username"]) == ("hello", "admin")
    assert post["props"] == {"from_webhook": "true", "webhook_display_name": "Seeded"}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ('{"text": "hello"}', "application/json"),
        ('{"text": "hello"}', "application/json; charset"),
        ('{"text": "hello"}', "text/plain"),
        ('{"text": "hello"}', ""),
        ('{"TEXT": "hello"}', "application/json"),
        ('{"text": "hello"} and more', "application/json"),
        ("payload=%7B%22text%22%3A+%22hello%22%7D", "application/x-www-form-urlencoded"),
    ],
)
def test_a_payload_is_decoded_by_its_content_type(
    hook: str, standin: MattermostStandin, body: str, content_type: str
) -> None:
    response = send(hook, body, content_type)

    assert response.status_code == 200
    assert standin.posts("support")[0]["message"] == "hello"


def test_a_form_may_carry_its_payload_in_the_query(hook: str, standin: MattermostStandin) -> None:
    form = "application/x-www-form-urlencoded"

    response = send(f'{hook}?payload={{"text":"hello"}}', "", form)

    assert response.status_code == 200
    assert standin.posts("support")[0]["message"] == "hello"


def test_multipart_fields_have_gos_names(hook: str, standin: MattermostStandin) -> None:
    fields = {"text": (None, "hello"), "channelname": (None, "alerts")}

    accepted = requests.post(hook, files=fields, timeout=10)
    refused = requests.post(hook, files={"channel": (None, "alerts")}, timeout=10)

    assert accepted.status_code == 200
    assert standin.posts("alerts")[0]["message"] == "hello"
    assert refusal(refused) == (400, DECODE)


def test_raw_line_ends_in_texts_are_forgiven(hook: str, standin: MattermostStandin) -> None:
    response = send(hook, '{"text": "one\ntwo\tthree"}')

    assert response.status_code == 200
    assert standin.posts("support")[0]["message"] == "one\ntwo\tthree"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "nonsense",
        "[]",
        '{"text": 7}',
        '{"text": NaN}',
        '{"username": "a\nb", "text": "x"}',
        '{"attachments": {}}',
        '{"attachments": [{"fields": {"title": "x"}}]}',
        '{"text": "x", "props": "y"}',
    ],
)
def test_what_go_cannot_decode_is_400(hook: str, body: str) -> None:
    assert refusal(send(hook, body)) == (400, DECODE)


def test_a_malformed_media_type_is_400(hook: str) -> None:
    response = send(hook, {"text": "hello"}, "application/json/x")

    assert refusal(response) == (400, "web.incoming_webhook.media_type.app_error")


@pytest.mark.parametrize(
    ("payload", "status", "inner"),
    [
        ("null", 400, "web.incoming_webhook.parse.app_error"),
        ({}, 400, "web.incoming_webhook.text.app_error"),
        ({"text": "x", "channel": "@nobody"}, 400, "web.incoming_webhook.user.app_error"),
        ({"text": "x", "channel": "nonsense"}, 404, "web.incoming_webhook.channel.app_error"),
        ({"text": "x", "type": "system_x"}, 400, "api.context.invalid_param.app_error"),
        ({"text": "x", "priority": {}}, 400, "api.context.invalid_param.app_error"),
        ({"text": "x", "root_id": "x" * 26}, 400, "api.post.create_post.root_id.app_error"),
    ],
)
def test_refusals_are_wrapped_and_keep_their_status(
    hook: str, standin: MattermostStandin, payload: Any, status: int, inner: str
) -> None:
    standin.configure(EnableDeveloper=True)

    response = send(hook, payload)

    assert refusal(response) == (status, GENERAL)
    assert response.json()["detailed_error"] == inner


def test_an_unknown_hook_is_400_after_the_payload_was_looked_at(
    standin: MattermostStandin,
) -> None:
    standin.configure(WrapHookErrors=False)
    url = f"{standin.url}/hooks/{'x' * 26}"

    assert refusal(send(url, {})) == (400, "web.incoming_webhook.text.app_error")
    unknown = send(url, {"text": "hello"})
    assert refusal(unknown) == (400, "web.incoming_webhook.invalid.app_error")


def test_switched_off_is_501(hook: str, standin: MattermostStandin) -> None:
    standin.configure(EnableIncomingWebhooks=False)

    assert refusal(send(hook, {})) == (501, GENERAL)


def test_an_archived_channel_is_404_by_name_and_taken_by_default(
    hook: str, standin: MattermostStandin
) -> None:
    standin.archive("support")

    assert refusal(send(hook, {"text": "x", "channel": "support"})) == (404, GENERAL)
    assert send(hook, {"text": "x"}).status_code == 200


def test_a_locked_hook_posts_to_its_channel_only(standin: MattermostStandin) -> None:
    headers = {"Authorization": f"Bearer {standin.token}"}
    wish = {"channel_id": standin.channel_id("support")}
    api = f"{standin.url}/api/v4/hooks/incoming"
    made = requests.post(api, json=wish, headers=headers, timeout=10).json()
    hook = f"{standin.url}/hooks/{made['id']}"

    assert refusal(send(hook, {"text": "x", "channel": "alerts"})) == (403, GENERAL)
    assert send(hook, {"text": "x", "channel": "#support"}).status_code == 200


def test_a_private_channel_needs_the_owner_in_it(standin: MattermostStandin) -> None:
    hook = standin.hook_url("support", owner="anja")

    response = send(hook, {"text": "x", "channel": "private-team"})
    standin.kick("private-team", "anja")
    refused = send(hook, {"text": "x", "channel": "private-team"})

    assert response.status_code == 200
    assert refusal(refused) == (403, GENERAL)


def test_a_user_is_reached_directly(hook: str, standin: MattermostStandin) -> None:
    send(hook, {"text": "psst", "channel": "@anja"})

    (post,) = standin.posts()
    people = (standin.user_id("admin"), standin.user_id("anja"))
    assert post["channel"] == "__".join(sorted(people))


def test_a_body_over_300_kb_is_413(hook: str) -> None:
    response = send(hook, {"text": "x" * 300_000})

    assert refusal(response) == (413, "api.context.request_body_too_large.app_error")


def test_a_long_text_is_split_and_the_attachments_go_last(
    hook: str, standin: MattermostStandin
) -> None:
    text = "\N{FIRE}" * 16_383 + "rest"

    send(hook, {"text": text, "attachments": [{"text": "card"}]})

    first, last = standin.posts("support")
    assert (len(first["message"]), last["message"]) == (16_383, "rest")
    assert "attachments" not in first["props"]
    assert last["props"]["attachments"] == [{"text": "card"}]
    assert {first["type"], last["type"]} == {"slack_attachment"}


def test_props_that_are_too_long_are_refused(hook: str, standin: MattermostStandin) -> None:
    standin.configure(MaximumPayloadSizeBytes=2_000_000)

    too_long = send(hook, {"text": "x", "props": {"a": "x" * 760_000}})
    cut = send(hook, {"attachments": [{"text": "x" * 800_000}]})

    assert refusal(too_long) == (400, GENERAL)
    assert cut.status_code == 200
    (post,) = standin.posts("support")
    assert len(post["props"]["attachments"][0]["text"]) < 760_000


def test_names_and_icons_count_where_they_are_switched_on(
    hook: str, standin: MattermostStandin
) -> None:
    payload = {"text": "x", "username": "Zammad", "icon_emoji": ":ticket:"}

    send(hook, payload)
    standin.configure(EnablePostUsernameOverride=True, EnablePostIconOverride=True)
    send(hook, payload)
    send(hook, {"text": "x"})

    plain, named, nameless = (post["props"] for post in standin.posts("support"))
    assert "override_username" not in plain
    assert named["override_username"] == "Zammad"
    assert named["override_icon_emoji"] == ":ticket:"
    assert nameless["override_username"] == "webhook"


def test_reserved_props_are_dropped_and_the_card_is_kept(
    hook: str, standin: MattermostStandin
) -> None:
    send(hook, {"text": "x", "props": {"card": "**more**", "from_bot": "true", "mine": 1}})

    props = standin.posts("support")[0]["props"]
    assert (props["card"], props["mine"]) == ("**more**", 1)
    assert "from_bot" not in props


def test_slack_forms_are_rewritten(hook: str, standin: MattermostStandin) -> None:
    text = f"<!channel> <@{standin.user_id('anja')}> `<!here>` <https://a.example.test|page>"
    field = {"title": "n", "value": 7, "short": True}

    send(hook, {"text": text, "attachments": [None, {"pretext": "<!all>", "fields": [field]}]})

    (post,) = standin.posts("support")
    assert post["message"] == "@channel @anja `@here` [page](https://a.example.test)"
    (attachment,) = post["props"]["attachments"]
    assert attachment["pretext"] == "@all"
    assert attachment["fields"] == [{"title": "n", "value": "7", "short": True}]


def test_a_webhook_may_reply_in_a_thread(hook: str, standin: MattermostStandin) -> None:
    send(hook, {"text": "root"})
    root = standin.posts("support")[0]

    send(hook, {"text": "reply", "root_id": root["id"]})

    assert standin.posts("support")[1]["root_id"] == root["id"]
