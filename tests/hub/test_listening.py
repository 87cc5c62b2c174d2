"""The listener over real sockets: what it hears, what it catches up with, and when it stops."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone

from hub.contracts import DeliveryError
from hub.leases import release_lease, take_lease
from hub.listening import Listener, Pace, listen, reconnect_pause
from hub.models import Channel, CommandInvocation, MattermostServer
from hub.streams import open_stream
from integrations.mattermost.listening import read_frame, stream_target
from tests.hub.thread_stage import Stage, notebook, stage
from tests.running import free_port, running_listener, wait_until
from tests.standins.mattermost import MattermostStandin

__all__ = ["notebook", "stage"]

pytestmark = pytest.mark.django_db(transaction=True)

QUICK = Pace(read_wait_s=0.05, look_every_s=0.05, renew_every_s=0.1, first_pause_s=0.05)


def heard() -> list[str]:
    return list(CommandInvocation.objects.order_by("received_at").values_list("text", flat=True))


def start_time() -> Any:
    return Channel.objects.get().heard_until


@pytest.fixture
def ear(stage: Stage) -> Iterator[threading.Event]:
    """Something listens, until the event is set."""
    stop = threading.Event()
    thread = threading.Thread(target=listen, args=[stop, QUICK])
    thread.start()
    wait_until(start_time)
    yield stop
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def connected(stage: Stage) -> bool:
    """A reply comes through: the listener is there."""
    wait_until(start_time)
    stage.say("Are you there?")
    wait_until(lambda: "Are you there?" in heard())
    return True


def test_a_reply_is_heard(stage: Stage, ear: threading.Event) -> None:
    assert connected(stage)

    stage.say("Looking at it", user="bart")
    wait_until(lambda: len(heard()) == 2)

    assert stage.run() == ["Are you there?", "Looking at it"]
    assert CommandInvocation.objects.get(text="Looking at it").username == "bart"


def test_what_was_said_while_the_connection_was_broken_is_heard(
    stage: Stage, ear: threading.Event
) -> None:
    assert connected(stage)

    stage.standin.go_offline()
    stage.say("While away")
    stage.standin.go_offline(is_offline=False)
    wait_until(lambda: "While away" in heard())

    assert heard() == ["Are you there?", "While away"]


def test_a_dropped_socket_goes_on_where_it_was(stage: Stage, ear: threading.Event) -> None:
    assert connected(stage)

    stage.standin.drop_sockets()
    stage.say("Just after")
    wait_until(lambda: "Just after" in heard())

    assert heard() == ["Are you there?", "Just after"]


def test_what_was_said_while_nobody_listened_is_caught_up_with(stage: Stage) -> None:
    with_ear = run_until(lambda: connected(stage))
    stage.say("In between")

    run_until(lambda: "In between" in heard())

    assert with_ear
    assert heard() == ["Are you there?", "In between"]


def test_what_was_said_before_it_was_switched_on_stays_where_it_is(stage: Stage) -> None:
    stage.say("Long ago")

    run_until(lambda: connected(stage))

    assert heard() == ["Are you there?"]


def test_what_was_said_while_it_was_off_stays_where_it_is(stage: Stage) -> None:
    run_until(lambda: connected(stage))
    switch(stage, Channel.ThreadReplies.OFF)
    stage.say("Between ourselves")
    switch(stage, Channel.ThreadReplies.NOTES)

    run_until(lambda: is_heard_again(stage))

    assert heard() == ["Are you there?", "Again"]


def test_an_old_post_that_is_edited_is_no_new_reply(stage: Stage) -> None:
    old = stage.say("Long ago")
    run_until(lambda: connected(stage))
    stage.standin.act("anja", "PUT", f"/posts/{old['id']}/patch", {"message": "Edited"})

    run_until(lambda: is_heard_again(stage))

    assert heard() == ["Are you there?", "Again"]


def test_a_channel_that_wants_no_notes_is_not_listened_to(stage: Stage) -> None:
    switch(stage, Channel.ThreadReplies.OFF)
    listener = Listener(stage.server.pk, threading.Event())

    listener.run()

    assert heard() == []


def test_it_waits_while_another_one_listens(stage: Stage) -> None:
    lease = f"listener:{stage.server.pk}"
    take_lease(lease, "another", timezone.now())
    stop = threading.Event()
    thread = threading.Thread(target=listen, args=[stop, QUICK])
    thread.start()
    wait_until(start_time)
    stage.say("Not for us")
    before = heard()

    release_lease(lease, "another")
    wait_until(lambda: is_heard_again(stage))
    stop.set()
    thread.join(10)

    assert before == []


def test_a_refused_token_is_tried_again_with_the_new_one(stage: Stage) -> None:
    MattermostServer.objects.update(bot_token="revoked")

    def mend() -> bool:
        server = MattermostServer.objects.get()
        server.bot_token = stage.standin.token
        server.save()
        return connected(stage)

    run_until(lambda: bool(start_time()) and mend())

    assert heard() == ["Are you there?"]


def run_until(holds: Callable[[], object]) -> bool:
    stop = threading.Event()
    thread = threading.Thread(target=listen, args=[stop, QUICK])
    thread.start()
    wait_until(holds)
    stop.set()
    thread.join(10)
    return not thread.is_alive()


def is_heard_again(stage: Stage) -> bool:
    wait_until(start_time)
    stage.say("Again")
    wait_until(lambda: "Again" in heard())
    return True


def switch(stage: Stage, thread_replies: str) -> None:
    channel = Channel.objects.get(pk=stage.channel.pk)
    channel.thread_replies = thread_replies
    channel.save()


@pytest.mark.parametrize(
    ("failures", "jitter", "seconds"),
    [(1, 0.0, 0.5), (1, 1.0, 1.0), (3, 1.0, 4.0), (50, 1.0, 60.0)],
)
def test_the_pauses_grow_to_a_minute(failures: int, jitter: float, seconds: float) -> None:
    assert reconnect_pause(failures, jitter) == seconds


def test_nobody_there_is_said() -> None:
    with pytest.raises(DeliveryError, match="refuses connections"):
        open_stream(f"http://127.0.0.1:{free_port()}", "/api/v4/websocket", {})


@pytest.mark.parametrize("host", ["169.254.169.254", "[fd00:ec2::254]", "0.0.0.0"])  # noqa: S104  # called, not bound to
def test_forbidden_addresses_are_not_called(host: str) -> None:
    with pytest.raises(DeliveryError, match="never called") as caught:
        open_stream(f"http://{host}", "/api/v4/websocket", {})

    assert caught.value.permanent


def test_what_is_no_websocket_is_said(standin: MattermostStandin) -> None:
    with pytest.raises(DeliveryError, match="opens no WebSocket"):
        open_stream(standin.url, "/api/v4/users/me", {})


def test_an_answer_and_garbage_say_nothing() -> None:
    frames = ['{"status":"OK","seq_reply":1}', "garbage", "[]", '{"event":"posted","seq":1}']

    assert [read_frame(one).post for one in frames] == [None] * 4


def test_a_connection_is_gone_on_with_by_its_id() -> None:
    target = stream_target(None, "abc", 7)  # type: ignore[arg-type]  # the server does not matter

    assert target == "/api/v4/websocket?connection_id=abc&sequence_number=7"


@pytest.mark.cluster
def test_the_command_listens_and_ends_when_it_is_asked_to(stage: Stage) -> None:
    with running_listener() as listener:
        wait_until(start_time)
        took_s = listener.stop()

    assert listener.process.returncode == 0
    assert took_s < 5
