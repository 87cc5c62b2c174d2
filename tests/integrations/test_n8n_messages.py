"""Messages and requests of workflows, and what is posted of them."""

import json

import pytest

from hub.contracts import JSONValue
from tests.integrations.n8n_requests import compose, parse

SECRET_URL = "https://n8n.example.test/webhook/approve-4f2c81"  # who knows it can decide
APPROVE: dict[str, JSONValue] = {
    "id": "approve",
    "name": "Approve",
    "integration": {"url": SECRET_URL, "context": {"deployment_id": "deploy-123"}},
}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"text": "a"}, "message.posted"),
        ({"text": "a", "event": "backup.finished"}, "message.posted"),
        ({"text": "a", "event": "approval.requested"}, "approval.requested"),
        ({"text": "a", "event": "workflow.failed"}, "workflow.failed"),
        ({"text": "a", "actions": [{"id": "yes"}]}, "approval.requested"),
        ({"text": "a", "actions": [{}]}, "message.posted"),
        ({"attachments": [{"actions": [APPROVE]}]}, "approval.requested"),
    ],
)
def test_a_message_has_the_kind_of_its_event_or_its_buttons(
    body: dict[str, JSONValue], kind: str
) -> None:
    assert parse(body).kinds == (kind,)


def test_a_titled_message_is_a_line_and_a_box() -> None:
    message = compose(
        title="Back-up klaar", text="41 GB", severity="success", mentions="anja, @jan"
    )

    assert message.text == "**Back-up klaar** @anja @jan"
    assert message.attachments == ({"color": "good", "text": "41 GB", "fallback": "41 GB"},)


def test_a_title_alone_needs_no_box() -> None:
    message = compose(title="**#7 klaar [1]**", url="https://x.example.test/(1)")

    assert message.text == "[**#7 klaar &#91;1&#93;**](https://x.example.test/%281%29)"
    assert message.attachments == ()


def test_a_message_for_mattermost_stays_as_it_is() -> None:
    attachment: JSONValue = {"color": "good", "text": "*b*", "fields": [{"title": "c", "value": 1}]}

    message = compose(text="**a**", username="Bot", icon_emoji="robot", attachments=[attachment])

    assert (message.text, message.username, message.icon_emoji) == ("**a**", "Bot", ":robot:")
    assert message.attachments[0]["fields"] == [{"title": "c", "value": "1", "short": False}]


def test_slacks_own_links_and_mentions_are_understood() -> None:
    message = compose(text="<https://x.example.test|x> <!here> a < b|c >")

    assert message.text == "[x](https://x.example.test) @here a < b|c >"


@pytest.mark.parametrize(
    ("card", "markdown"),
    [
        ('{"header": "Details", "body": "a\\nb"}', "### Details\n\na\nb"),
        ({"header": "Details", "body": "a", "host": "b2"}, "### Details\n\na\n\n**host:** b2"),
        ("**Markdown**", "**Markdown**"),
        ("{not json", "{not json"),
        ('{"header": null, "body": ["x"]}', ""),
        (["x"], ""),
        (None, ""),
    ],
)
def test_a_card_is_readable(card: JSONValue, markdown: str) -> None:
    assert compose(text="a", props={"card": card}).card == markdown


def test_a_card_without_a_message_is_the_message() -> None:
    event = parse({"props": {"card": {"header": "Details"}}})

    assert event.title == "Details"
    assert compose(props={"card": {"header": "Details"}}).text == "### Details"


def test_buttons_are_kept_whole_and_given_apart_from_the_message() -> None:
    attachments: JSONValue = [{"text": "a"}, {"text": "b", "actions": [APPROVE]}]

    event = parse({"text": "Approve?", "attachments": attachments})
    message = compose(text="Approve?", attachments=attachments)

    assert event.data["buttons"] == [
        {
            "id": "approve",
            "name": "Approve",
            "style": "",
            "url": SECRET_URL,
            "context": {"deployment_id": "deploy-123"},
            "attachment": 1,
        }
    ]
    assert message.attachments == (
        {"text": "a"},
        {"text": "b"},
    )
    button = message.buttons[0]
    assert (button.name, button.url, button.attachment) == ("Approve", SECRET_URL, 1)
    assert (button.action_id, button.context) == ("approve", {"deployment_id": "deploy-123"})


@pytest.mark.parametrize(
    "body",
    [
        {"text": "a", "attachments": [{"actions": [APPROVE]}]},
        {"title": "a", "actions": [APPROVE]},
        {"text": "a", "actions": [{"id": "x", "url": SECRET_URL}]},
        {"title": "a", "actions": [{"id": "x"}], "context": {"resume_url": SECRET_URL}},
    ],
)
def test_the_address_of_a_button_is_never_posted(body: dict[str, JSONValue]) -> None:
    message, buttons = compose(**body), parse(body).data["buttons"]

    assert SECRET_URL not in repr(message)
    assert SECRET_URL in json.dumps(buttons)


def test_the_hubs_own_buttons_share_the_context() -> None:
    context: JSONValue = {"invoice": "INV-7", "resume_url": SECRET_URL}
    actions: JSONValue = [{"id": "yes", "name": "a`b", "style": "good"}, {"name": ""}]

    event = parse({"title": "Betalen?", "actions": actions, "context": context})

    assert event.data["buttons"] == [
        {
            "id": "yes",
            "name": "a`b",
            "style": "good",
            "url": SECRET_URL,
            "context": {"invoice": "INV-7"},
            "attachment": None,
        }
    ]
    assert event.data["context"] == {"invoice": "INV-7"}
    message = compose(title="Betalen?", actions=actions)
    assert len(message.attachments) == 1  # a box for them
    assert [one.name for one in message.buttons] == ["a`b"]


def test_buttons_follow_their_attachment_when_an_empty_one_is_left_out() -> None:
    attachments: JSONValue = [{}, {"text": "b", "actions": [APPROVE]}, {"actions": [APPROVE]}]

    message = compose(text="a", attachments=attachments)

    assert message.attachments == ({"text": "b"}, {})
    assert [one.attachment for one in message.buttons] == [0, 1]


def test_a_menu_is_no_button() -> None:
    menu: JSONValue = {**APPROVE, "type": "select", "options": [{"text": "a", "value": "a"}]}

    message = compose(text="a", attachments=[{"actions": [menu]}])

    assert [one.url for one in message.buttons] == [""]


def test_a_thread_key_is_the_reference() -> None:
    reference = parse({"text": "a", "thread_key": 118}).reference

    assert reference is not None
    assert (reference.external_id, reference.display) == ("118", "118")


@pytest.mark.parametrize(
    ("body", "severity"),
    [
        ({"severity": "success"}, "success"),
        ({"severity": "ERROR"}, "urgent"),
        ({"severity": "onbekend"}, "info"),
        ({"priority": "important"}, "warning"),
        ({"priority": {"priority": "urgent"}}, "urgent"),
        ({"priority": {"priority": "system"}}, "info"),
    ],
)
def test_severity_is_the_senders(body: dict[str, JSONValue], severity: str) -> None:
    assert parse({"text": "a", **body}).severity == severity


@pytest.mark.parametrize(
    ("body", "title"),
    [
        ({"title": "  Back-up \n klaar "}, "Back-up klaar"),
        ({"text": "---\n\n## **Nieuw**\nmeer"}, "Nieuw"),
        ({"text": "a" * 200}, "a" * 119 + "…"),
        ({"attachments": [{"pretext": "voor", "text": "tekst"}]}, "voor"),
        ({"attachments": [{"image_url": "https://x.example.test/a.png"}]}, ""),
    ],
)
def test_the_title_is_plain_and_short(body: JSONValue, title: str) -> None:
    assert parse(body).title == title
