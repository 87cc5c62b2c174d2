"""The WebSocket of the Mattermost stand-in: who gets in, who is told what, who misses nothing."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.hub.event_client import EventClient
from tests.hub.mattermost_api import Api
from tests.standins.mattermost import MattermostStandin
from tests.standins.serving import Request
from tests.standins.websocket import (
    FrameReader,
    Opcode,
    ProtocolError,
    accept_head,
    encode_frame,
)

BAD_SEQ = "api.web_socket_router.bad_seq.app_error"
BAD_ACTION = "api.web_socket_router.bad_action.app_error"
CLOSE = 0x8


@pytest.fixture
def bot(standin: MattermostStandin) -> Iterator[Api]:
    with Api(standin) as api:
        yield api


@pytest.fixture
def events(standin: MattermostStandin) -> Iterator[EventClient]:
    """The bot is connected and has been greeted."""
    with EventClient(standin, standin.token) as client:
        client.read()
        yield client


def post_in(event: Any) -> Any:
    return json.loads(event["data"]["post"])


def test_the_handshake_answers_the_example_of_the_standard() -> None:
    headers = {"sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ=="}

    head = accept_head(Request("GET", "/", "", headers, b""))

    assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n" in head


def test_frames_are_those_of_the_examples_of_the_standard() -> None:
    masked = bytes.fromhex("818537fa213d7f9f4d5158")
    in_two = bytes.fromhex("0183000000004865 6c8082000000006c6f")
    reader = FrameReader()

    messages = [*reader.feed(masked[:4]), *reader.feed(masked[4:]), *reader.feed(in_two)]

    assert encode_frame(b"Hello") == bytes.fromhex("810548656c6c6f")
    assert encode_frame(b"x" * 256)[:4] == bytes.fromhex("817e0100")
    assert encode_frame(b"x" * 65536)[:10] == bytes.fromhex("817f0000000000010000")
    assert [(one.opcode, one.payload) for one in messages] == [(Opcode.TEXT, b"Hello")] * 2


@pytest.mark.parametrize(
    "frame", ["810548656c6c6f", "83850000000048656c6c6f", "81ff00000000ffffffff00000000"]
)
def test_frames_that_break_the_rules_are_refused(frame: str) -> None:
    with pytest.raises(ProtocolError):
        list(FrameReader().feed(bytes.fromhex(frame)))


def test_a_token_in_the_handshake_is_greeted(standin: MattermostStandin) -> None:
    with EventClient(standin, standin.token) as client:
        hello = client.read()

    assert client.head.startswith("HTTP/1.1 101")
    assert (hello["event"], hello["seq"]) == ("hello", 0)
    assert hello["data"]["server_version"] == "11.10.0"
    assert len(hello["data"]["connection_id"]) == 26


def test_a_token_may_come_in_the_first_frame(standin: MattermostStandin) -> None:
    challenge = {"seq": 1, "action": "authentication_challenge", "data": {"token": standin.token}}
    with EventClient(standin) as client:
        client.send(challenge)

        assert client.read() == {"status": "OK", "seq_reply": 1}
        assert client.read()["event"] == "hello"


def test_a_bad_token_closes_the_socket(standin: MattermostStandin) -> None:
    challenge = {"seq": 1, "action": "authentication_challenge", "data": {"token": "nonsense"}}
    with EventClient(standin) as client:
        client.send(challenge)

        assert client.read_frame()[0] == CLOSE


def test_who_says_nothing_is_dropped(standin: MattermostStandin) -> None:
    standin.configure(WebSocketAuthTimeout=0.1)

    with EventClient(standin, "nonsense") as client:
        assert client.read_frame()[0] == CLOSE


def test_what_is_no_handshake_is_refused(standin: MattermostStandin) -> None:
    assert requests.get(f"{standin.url}/api/v4/websocket", timeout=10).status_code == 400


def test_a_post_is_told_as_json_in_a_string(
    standin: MattermostStandin, events: EventClient
) -> None:
    standin.post_as("anja", "support", "hello @hub")

    event = events.read()
    assert (event["event"], event["seq"]) == ("posted", 1)
    assert event["broadcast"]["channel_id"] == standin.channel_id("support")
    assert (event["data"]["sender_name"], event["data"]["channel_type"]) == ("@anja", "O")
    assert event["data"]["mentions"] == f'["{standin.user_id("hub")}"]'
    assert post_in(event)["message"] == "hello @hub"


def test_only_those_who_are_concerned_are_named(
    standin: MattermostStandin, events: EventClient
) -> None:
    standin.post_as("anja", "support", "hello @bart and x@hub")

    assert "mentions" not in events.read()["data"]


def test_only_members_of_the_channel_are_told(
    standin: MattermostStandin, events: EventClient
) -> None:
    standin.post_as("anja", "private-team", "in private")
    standin.post_as("anja", "support", "for all")

    assert post_in(events.read())["message"] == "for all"


def test_changes_are_told(standin: MattermostStandin, bot: Api, events: EventClient) -> None:
    post = bot.say(standin.channel_id("support"), "one")
    bot.put(f"/posts/{post['id']}/patch", {"message": "two"})
    reaction = {"user_id": standin.user_id("hub"), "post_id": post["id"], "emoji_name": "tada"}
    bot.post("/reactions", reaction)
    bot.delete(f"/users/me/posts/{post['id']}/reactions/tada")
    bot.delete(f"/posts/{post['id']}")

    told = [events.read() for _change in range(5)]

    names = ["posted", "post_edited", "reaction_added", "reaction_removed", "post_deleted"]
    assert [event["event"] for event in told] == names
    assert [event["seq"] for event in told] == [1, 2, 3, 4, 5]
    assert post_in(told[1])["message"] == "two"
    assert json.loads(told[2]["data"]["reaction"])["emoji_name"] == "tada"
    assert post_in(told[4])["delete_at"] > 0


def test_buttons_are_told_without_their_integrations(
    standin: MattermostStandin, bot: Api, events: EventClient
) -> None:
    action = {"name": "Approve", "integration": {"url": "https://hub.example.test"}}

    bot.say(standin.channel_id("support"), "", props={"attachments": [{"actions": [action]}]})

    (shown,) = post_in(events.read())["props"]["attachments"]
    assert set(shown["actions"][0]) == {"id", "name"}


def test_an_ephemeral_post_is_told_to_its_person_alone(
    standin: MattermostStandin, events: EventClient
) -> None:
    post = {"channel_id": standin.channel_id("support"), "message": "psst"}
    with EventClient(standin, standin.user_token("anja")) as anja:
        anja.read()

        wish: Any = {"user_id": standin.user_id("anja"), "post": post}
        standin.act("admin", "POST", "/posts/ephemeral", wish)
        standin.post_as("anja", "support", "for all")

        assert anja.read()["event"] == "ephemeral_message"
        assert events.read()["event"] == "posted"


def test_who_comes_back_is_told_what_was_missed(standin: MattermostStandin, bot: Api) -> None:
    support = standin.channel_id("support")
    with EventClient(standin, standin.token) as client:
        connection = client.read()["data"]["connection_id"]
        bot.say(support, "seen")
        client.read()
        standin.drop_sockets()
        ended = client.read()
    bot.say(support, "missed")

    query = f"?connection_id={connection}&sequence_number=2"
    with EventClient(standin, standin.token, query) as again:
        bot.say(support, "live")
        told = [again.read(), again.read()]

    assert ended is None
    assert [(event["seq"], post_in(event)["message"]) for event in told] == [
        (2, "missed"),
        (3, "live"),
    ]


@pytest.mark.parametrize("who", ["hub", "anja"])
def test_who_missed_too_much_or_is_somebody_else_starts_anew(
    standin: MattermostStandin, bot: Api, who: str
) -> None:
    support = standin.channel_id("support")
    tokens = {"hub": standin.token, "anja": standin.user_token("anja")}
    with EventClient(standin, standin.token) as client:
        connection = client.read()["data"]["connection_id"]
    [bot.say(support, f"missed {number}") for number in range(130)]

    query = f"?connection_id={connection}&sequence_number=1"
    with EventClient(standin, tokens[who], query) as again:
        hello = again.read()

    assert (hello["event"], hello["seq"]) == ("hello", 0)
    assert hello["data"]["connection_id"] != connection


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        ({"seq": 1, "action": "user_typing"}, ("OK", None)),
        ({"seq": 2, "action": "ping"}, ("OK", None)),
        ({"seq": 0, "action": "ping"}, ("FAIL", BAD_SEQ)),
        ({"seq": 1, "action": "nonsense"}, ("FAIL", BAD_ACTION)),
        ("nonsense", ("FAIL", BAD_SEQ)),
    ],
)
def test_requests_over_the_socket_are_answered(
    events: EventClient, request_: Any, answer: tuple[str, str | None]
) -> None:
    events.send(request_)

    told = events.read()
    assert (told["status"], told.get("error", {}).get("id")) == answer


def test_pings_are_answered_and_closing_is_returned(events: EventClient) -> None:
    events.send_frame(0x89, b"are you there")
    pong = events.read_frame()
    events.send_frame(0x88, b"\x03\xe8")

    assert pong == (0xA, b"are you there")
    assert events.read_frame() == (CLOSE, b"\x03\xe8")


def test_nobody_stays_connected_to_a_server_that_is_gone_or_reset(
    standin: MattermostStandin, events: EventClient
) -> None:
    with EventClient(standin, standin.token) as other:
        other.read()
        standin.reset()

        assert other.read() is None
        assert events.read() is None
