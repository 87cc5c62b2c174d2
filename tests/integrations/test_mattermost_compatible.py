"""Messages sent as if to Mattermost: what is taken, what they become, what is answered."""

import json
from typing import Any
from urllib.parse import quote_plus

import pytest

from hub.contracts import (
    Actor,
    InboundRequest,
    JSONValue,
    Message,
    ParsedEvent,
    PayloadError,
    SourceView,
)
from integrations.mattermost_compatible import INTEGRATION

FORM = "application/x-www-form-urlencoded"
SOURCE = SourceView("hooks")
NO_CONTENT = "no text and no attachments"


def request_of(
    body: bytes, content_type: str = "application/json", **headers: str
) -> InboundRequest:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return InboundRequest("POST", body, {"content-type": content_type, **named})


def event_of(**payload: JSONValue) -> ParsedEvent:
    return INTEGRATION.parse(request_of(json.dumps(payload).encode()), SOURCE)


def message_of(**payload: JSONValue) -> Message:
    assert INTEGRATION.compose is not None
    message = INTEGRATION.compose(event_of(**payload))
    assert message is not None
    return message


def attachment_of(**attachment: JSONValue) -> dict[str, Any]:
    return message_of(text="x", attachments=[attachment]).attachments[0]


def answer_of(outcome: Any, detail: str = "") -> tuple[int, str, bytes]:
    assert INTEGRATION.answer is not None
    answer = INTEGRATION.answer(outcome, detail)
    return answer.status_code, answer.content_type, answer.body


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"text":"caf\xc3\xa9"}', "application/json; charset=utf-8"),
        (b'{"text":"caf\xc3\xa9"}', ""),
        (b'{"text":"caf\xc3\xa9"}', "text/plain"),
        (b'\xef\xbb\xbf{"text":"caf\xc3\xa9"}', "application/json"),
        (b"payload=" + quote_plus('{"text":"café"}').encode(), FORM),
        (b"token=x&payload=" + quote_plus('{"text":"café"}').encode(), FORM),
        (b'payload={"text":"caf\xc3\xa9"}', ""),
        (b'{"text":"caf\xc3\xa9"}', FORM),
    ],
)
def test_every_way_of_sending_is_understood(body: bytes, content_type: str) -> None:
    event = INTEGRATION.parse(request_of(body, content_type), SOURCE)

    assert event.data["text"] == "café"


def test_a_payload_in_the_query_of_an_empty_form_is_understood() -> None:
    request = InboundRequest("POST", b"", {"content-type": FORM}, {"payload": '{"text":"a"}'})

    assert INTEGRATION.parse(request, SOURCE).data["text"] == "a"


def test_a_text_about_payloads_under_the_content_type_of_forms_is_json() -> None:
    event = INTEGRATION.parse(request_of(b'{"text":"use payload=x"}', FORM), SOURCE)

    assert event.data["text"] == "use payload=x"


def test_raw_line_breaks_and_tabs_in_texts_are_forgiven() -> None:
    event = INTEGRATION.parse(request_of(b'{"text":"one\n\ttwo \\u0000 \xff"}'), SOURCE)

    assert event.data["text"] == "one\n\ttwo � �"


@pytest.mark.parametrize(
    ("body", "content_type", "words"),
    [
        (b"", "application/json", "not JSON"),
        (b"{", "application/json", "not JSON"),
        (b"hello", "text/plain", "not JSON"),
        (b"[]", "application/json", "one JSON object"),
        (b'[{"text":"a"}]', "application/json", "one JSON object"),
        (b"null", "application/json", "one JSON object"),
        (b"token=x", FORM, "not JSON"),
        (b"&a=b" * 200, FORM, "too many fields"),
        (b"--x--", "multipart/form-data; boundary=x", "multipart/form-data"),
        (b'{"text":' + b"[" * 50 + b"]" * 50 + b"}", "application/json", "too deeply"),
        (b"[" * 100_000, "application/json", "not JSON"),
        (b"{}", "application/json", NO_CONTENT),
        (b'{"text":""}', "application/json", NO_CONTENT),
        (b'{"text":null,"attachments":null}', "application/json", NO_CONTENT),
        (b'{"text":["a"]}', "application/json", "text is not text"),
        (b'{"text":"a","attachments":"b"}', "application/json", "attachments is not a list"),
        (b'{"text":"a","attachments":["b"]}', "application/json", "not an object"),
        (b'{"attachments":[{"fields":"b"}]}', "application/json", "fields is not a list"),
    ],
)
def test_what_mattermost_would_refuse_is_refused_at_the_door(
    body: bytes, content_type: str, words: str
) -> None:
    with pytest.raises(PayloadError, match=words):
        INTEGRATION.identify(request_of(body, content_type))


def test_the_place_of_a_surprise_is_named() -> None:
    with pytest.raises(PayloadError) as caught:
        event_of(text="a", attachments=[{}, {"title": {"a": 1}}])

    assert caught.value.path == "attachments.1.title"


@pytest.mark.parametrize(
    ("named", "channel"),
    [
        ("support", "support"),
        ("#support", "support"),
        (" #Support ", "support"),
        ("@anja", "@anja"),
        ("a1__b2", "a1__b2"),
        (None, ""),
    ],
)
def test_the_channel_is_the_one_it_names(named: str | None, channel: str) -> None:
    body = json.dumps({"text": "a", "channel": named}).encode()

    assert INTEGRATION.identify(request_of(body)).channel == channel
    assert INTEGRATION.parse(request_of(body), SOURCE).data["channel"] == channel


def test_the_same_text_twice_is_two_messages() -> None:
    request = request_of(b'{"text":"again"}')

    keys = {INTEGRATION.identify(request).dedup_key, INTEGRATION.identify(request).dedup_key}

    assert None not in keys
    assert len(keys) == 2


def test_an_idempotency_key_tells_a_repeat() -> None:
    request = request_of(b'{"text":"again"}', idempotency_key="alert-17")

    assert INTEGRATION.identify(request).dedup_key == "alert-17"


def test_a_message_is_passed_on_as_it_was_sent() -> None:
    message = message_of(
        text="**Server down**",
        username="Zammad Bot",
        icon_url="https://zammad.example.test/icon.png",
        icon_emoji="ticket",
        attachments=[{"title": "ZD#74001", "color": "danger"}],
        props={"card": "**Details**", "override_username": "admin", "mm_blocks": [{}]},
        priority={"priority": "urgent", "requested_ack": True},
    )

    assert message == Message(
        text="**Server down**",
        attachments=({"title": "ZD#74001", "color": "danger"},),
        username="Zammad Bot",
        icon_url="https://zammad.example.test/icon.png",
        icon_emoji=":ticket:",
        card="**Details**",
        priority="urgent",
    )


def test_an_event_has_a_title_a_sender_and_a_severity() -> None:
    event = event_of(text="\n## **Server down**\nmore", username="Zammad Bot", priority="urgent")

    assert event.kinds == ("message.posted",)
    assert event.title == "Server down"
    assert event.actor == Actor("Zammad Bot")
    assert event.severity == "urgent"


@pytest.mark.parametrize(
    ("payload", "title"),
    [
        ({"text": "x" * 130}, "x" * 119 + "…"),
        ({"text": "x" * 120}, "x" * 120),
        ({"attachments": [{"text": "t", "title": "Disk space", "pretext": "---"}]}, "Disk space"),
        ({"text": "***"}, ""),
    ],
)
def test_a_title_is_the_first_line_that_says_something(
    payload: dict[str, JSONValue], title: str
) -> None:
    assert event_of(**payload).title == title


@pytest.mark.parametrize("payload", [{"attachments": []}, {"text": " \n"}])
def test_an_empty_message_is_answered_ok_and_ignored(payload: dict[str, JSONValue]) -> None:
    request = request_of(json.dumps(payload).encode())

    INTEGRATION.identify(request)
    event = INTEGRATION.parse(request, SOURCE)

    assert event.ignored_because == "the message has neither text nor attachments"


def test_slack_forms_become_mattermost_ones() -> None:
    text = "<!channel> <!here> <!all> <https://x.example.test/1|one> a<b|c\nd>e <@U12> <https://y>"

    assert message_of(text=text).text == (
        "@channel @here @all [one](https://x.example.test/1) a<b|c\nd>e <@U12> <https://y>"
    )


def test_slack_forms_in_attachments_are_rewritten_where_mattermost_does() -> None:
    link = "<https://x.example.test|x>"

    shown = attachment_of(
        title=link, text=link, fallback=link, fields=[{"title": "a", "value": link}]
    )

    rewritten = "[x](https://x.example.test)"
    assert (shown["title"], shown["text"]) == (rewritten, rewritten)
    assert shown["fields"][0]["value"] == rewritten


def test_many_half_links_are_read_in_a_moment() -> None:
    text = "<a|" * 100_000

    assert message_of(text=text).text == text


def test_attachments_keep_what_mattermost_shows_and_nothing_else() -> None:
    shown = attachment_of(
        id=7,
        title="Disk space",
        title_link="https://grafana.example.test/d/1",
        author_link="javascript:alert(1)",
        image_url="//evil.example.test/pixel.png",
        color="D63232",
        ts=1795521600,
        footer=None,
        onclick="x",
    )

    assert shown == {
        "title": "Disk space",
        "title_link": "https://grafana.example.test/d/1",
        "color": "#D63232",
        "ts": 1795521600,
    }


@pytest.mark.parametrize(
    ("color", "shown"),
    [("good", "good"), ("#abc", "#abc"), ("red", None), ("#12345", None), (5, None)],
)
def test_a_colour_is_one_that_mattermost_knows(color: JSONValue, shown: str | None) -> None:
    assert attachment_of(title="x", color=color).get("color") == shown


@pytest.mark.parametrize(
    "fields",
    [
        [{"title": "Free", "value": 3, "short": "true"}, None],
        {"title": "Free", "value": "3", "short": True},
        {"Free": 3},
    ],
)
def test_fields_of_any_shape_become_a_list(fields: JSONValue) -> None:
    shown = attachment_of(title="x", fields=fields)

    assert shown["fields"] == [{"title": "Free", "value": "3", "short": True}]


def test_one_attachment_without_a_list_and_nulls_are_forgiven() -> None:
    alone = message_of(text="a", attachments={"title": "x"})
    with_null = message_of(text="a", attachments=[None, {"title": "x"}, {}])

    assert alone.attachments == with_null.attachments == ({"title": "x"},)


def test_values_that_are_no_text_are_written_out() -> None:
    fields: list[JSONValue] = [{"value": True}, {"value": None}, {"value": [1]}]

    event = event_of(text=42, attachments=[{"fields": fields}])

    assert event.data["text"] == "42"
    attachments: Any = event.data["attachments"]
    assert [field["value"] for field in attachments[0]["fields"]] == ["true", "", "[1]"]


def test_buttons_are_kept_and_given_apart_from_the_message() -> None:
    button: JSONValue = {
        "id": "approve",
        "name": "Approve",
        "integration": {"url": "https://n8n.example.test/webhook/approve", "context": {"d": 1}},
    }
    payload: dict[str, JSONValue] = {
        "text": "Approve deployment?",
        "attachments": [{"actions": [button]}, {"title": "x", "actions": [button]}],
    }

    kept: Any = event_of(**payload).data["attachments"]
    message = message_of(**payload)

    assert kept[0]["actions"] == [button]
    assert message.attachments == ({}, {"title": "x"})
    assert [one.attachment for one in message.buttons] == [0, 1]
    assert message.buttons[0].url == "https://n8n.example.test/webhook/approve"
    assert "n8n" not in repr(message)


@pytest.mark.parametrize(
    ("card", "markdown"),
    [
        ("**bold**", "**bold**"),
        ('{"header": "Details", "body": "By: x"}', "### Details\n\nBy: x"),
        ({"header": "Details", "body": "By: x"}, "### Details\n\nBy: x"),
        ({"Version": 4.2}, "**Version:** 4.2"),
        ("{not json}", "{not json}"),
        (["a"], ""),
        (None, ""),
    ],
)
def test_a_card_is_markdown_however_it_is_sent(card: JSONValue, markdown: str) -> None:
    assert message_of(text="a", props={"card": card}).card == markdown


@pytest.mark.parametrize(
    ("priority", "expected"),
    [
        ({"priority": "important"}, "important"),
        ("urgent", "urgent"),
        ({"priority": "asap"}, ""),
        ({}, ""),
        (5, ""),
    ],
)
def test_only_priorities_of_mattermost_are_kept(priority: JSONValue, expected: str) -> None:
    assert message_of(text="a", priority=priority).priority == expected


def test_names_and_icons_are_made_safe() -> None:
    message = message_of(
        text="a", username="A\nB " + "x" * 90, icon_url="data:image/png,x", icon_emoji=":a b:"
    )

    assert message.username == ("A B " + "x" * 60)
    assert (message.icon_url, message.icon_emoji) == ("", "")


@pytest.mark.parametrize("outcome", ["stored", "duplicate"])
def test_success_is_answered_as_mattermost_does(outcome: str) -> None:
    assert answer_of(outcome) == (200, "text/plain", b"ok")


@pytest.mark.parametrize(
    ("outcome", "detail", "status", "error_id"),
    [
        ("channel_refused", "board", 404, "web.incoming_webhook.general.app_error"),
        ("not_decodable", "not JSON", 400, "web.incoming_webhook.decode.app_error"),
        ("not_decodable", NO_CONTENT, 400, "web.incoming_webhook.general.app_error"),
    ],
)
def test_a_refusal_has_the_envelope_of_mattermost(
    outcome: str, detail: str, status: int, error_id: str
) -> None:
    status_code, content_type, body = answer_of(outcome, detail)

    envelope = json.loads(body)
    assert (status_code, content_type) == (status, "application/json")
    assert envelope["id"] == error_id
    assert envelope["status_code"] == status
    assert envelope["detailed_error"] == ""
    assert detail in envelope["message"]
    assert len(envelope["request_id"]) == 26


def test_buttons_without_a_name_and_nothing_else_are_no_message() -> None:
    event = event_of(attachments=[{"actions": [{"type": "button"}]}])

    assert event.ignored_because == "the message has neither text nor attachments"
