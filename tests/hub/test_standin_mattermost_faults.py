"""What goes wrong on purpose in the Mattermost stand-in, and how a test orders it."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.hub.mattermost_api import Api, refusal
from tests.standins.mattermost import MattermostStandin

ROOT = Path(__file__).resolve().parents[2]
SPLIT_REQUEST = b"POST /hooks/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
def standin() -> Iterator[MattermostStandin]:
    with MattermostStandin() as standin:
        yield standin


@pytest.fixture
def bot(standin: MattermostStandin) -> Iterator[Api]:
    with Api(standin) as api:
        yield api


@pytest.fixture
def message(standin: MattermostStandin) -> dict[str, Any]:
    return {"channel_id": standin.channel_id("support"), "message": "hello"}


def test_a_fault_lasts_as_often_as_it_was_ordered(
    bot: Api, standin: MattermostStandin, message: dict[str, Any]
) -> None:
    standin.set_fault("status", status=503, count=2, retry_after=7, path="/posts$")

    answers = [bot.post("/posts", message) for _ in range(3)]

    assert bot.get("/users/me").status_code == 200
    assert [answer.status_code for answer in answers] == [503, 503, 201]
    assert answers[0].headers["Retry-After"] == "7"
    assert len(standin.posts()) == 1


def test_a_fault_without_count_lasts_until_it_is_cleared(
    bot: Api, standin: MattermostStandin
) -> None:
    standin.set_fault("status", count=None, status=500)
    answers = [bot.get("/users/me").status_code for _ in range(3)]

    standin.clear_faults()

    assert answers == [500, 500, 500]
    assert bot.get("/users/me").status_code == 200


def test_a_fault_may_concern_one_method(bot: Api, standin: MattermostStandin) -> None:
    standin.set_fault("status", method="DELETE")

    assert bot.get("/users/me").status_code == 200


def test_a_proxy_answers_502_in_html(bot: Api, standin: MattermostStandin) -> None:
    standin.set_fault("html502")

    response = bot.get("/users/me")

    assert response.status_code == 502
    assert response.headers["Content-Type"] == "text/html"
    assert response.text.startswith("<html>")


def test_a_rate_limit_is_plain_text(bot: Api, standin: MattermostStandin) -> None:
    standin.set_fault("rate_limit", retry_after=7)

    response = bot.get("/users/me")

    assert (response.status_code, response.text) == (429, "limit exceeded\n")
    assert response.headers["Retry-After"] == "7"


def test_the_limiter_counts_down_and_refuses(bot: Api, standin: MattermostStandin) -> None:
    standin.configure(RateLimitPerSec=1, RateLimitMaxBurst=1)

    answers = [bot.get("/users/me") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[0].headers["X-RateLimit-Limit"] == "2"
    assert answers[2].headers["X-RateLimit-Remaining"] == "0"


@pytest.mark.parametrize(("kind", "stored"), [("reset_before", 0), ("reset_after_store", 1)])
def test_a_connection_is_reset_before_or_after_the_post_was_stored(
    bot: Api, standin: MattermostStandin, message: dict[str, Any], kind: Any, stored: int
) -> None:
    standin.set_fault(kind)

    with pytest.raises(requests.ConnectionError, match="reset"):
        bot.post("/posts", message)

    assert len(standin.posts()) == stored


def test_an_error_may_come_after_the_post_was_stored(
    bot: Api, standin: MattermostStandin, message: dict[str, Any]
) -> None:
    standin.set_fault("status", status=500, after_store=True)

    first = bot.post("/posts", {**message, "pending_post_id": "hub:1"})
    repeated = bot.post("/posts", {**message, "pending_post_id": "hub:1"})

    assert (first.status_code, repeated.status_code) == (500, 201)
    assert len(standin.posts()) == 1


def test_a_hanging_server_never_answers(bot: Api, standin: MattermostStandin) -> None:
    standin.set_fault("timeout")

    with pytest.raises(requests.ReadTimeout):
        bot.post("/posts", {}, timeout=0.2)

    assert bot.get("/users/me").status_code == 200


def test_offline_closes_without_an_answer(bot: Api, standin: MattermostStandin) -> None:
    standin.go_offline()

    with pytest.raises(requests.ConnectionError):
        bot.get("/users/me")

    standin.go_offline(is_offline=False)
    assert bot.get("/users/me").status_code == 200


def test_a_stopped_server_refuses_and_comes_back_on_its_port(
    bot: Api, standin: MattermostStandin, message: dict[str, Any]
) -> None:
    bot.post("/posts", message)
    url = standin.url
    standin.stop()
    with pytest.raises(requests.ConnectionError, match="refused"):
        requests.get(f"{url}/api/v4/users/me", timeout=10)

    standin.start()

    assert standin.url == url
    assert bot.get("/users/me").status_code == 200
    assert len(standin.posts()) == 1


def test_an_unknown_fault_is_refused(standin: MattermostStandin) -> None:
    with pytest.raises(ValueError, match="no fault 'explode'"):
        standin.set_fault("explode")  # type: ignore[arg-type]  # the point of the test


def test_waiting_ends_when_the_posts_are_there(
    bot: Api, standin: MattermostStandin, message: dict[str, Any]
) -> None:
    bot.post("/posts", message)

    (post,) = standin.wait_for_posts(1, channel="support")

    assert post["message"] == "hello"
    with pytest.raises(TimeoutError, match=r"1 of 2 posts in 0 s: \['hello'\]"):
        standin.wait_for_posts(2, timeout=0)


def test_counters_tell_what_was_asked(
    bot: Api, standin: MattermostStandin, message: dict[str, Any]
) -> None:
    standin.set_fault("status")
    bot.post("/posts", message)
    bot.post("/posts", message)

    counters = standin.counters()

    assert counters["requests"] == 2
    assert counters["POST /api/v4/posts"] == 1
    assert (counters["status 503"], counters["status 201"], counters["faults"]) == (1, 1, 1)


def control(standin: MattermostStandin, method: str, path: str, body: Any = None) -> Any:
    url = f"{standin.url}/_standin/{path}"
    return requests.request(method, url, json=body, timeout=10).json()


def test_the_control_api_orders_faults(bot: Api, standin: MattermostStandin) -> None:
    control(standin, "POST", "faults", {"kind": "status", "status": 500, "count": None})
    assert bot.get("/users/me").status_code == 500

    control(standin, "DELETE", "faults")

    assert bot.get("/users/me").status_code == 200


def test_the_control_api_works_while_the_rest_is_offline(
    bot: Api, standin: MattermostStandin
) -> None:
    control(standin, "POST", "offline", {"offline": True})
    with pytest.raises(requests.ConnectionError):
        bot.get("/users/me")

    control(standin, "POST", "offline", {"offline": False})

    assert bot.get("/users/me").status_code == 200


def test_the_control_api_lists_deletes_and_forgets_posts(
    bot: Api, standin: MattermostStandin, message: dict[str, Any]
) -> None:
    first, _second = bot.post("/posts", message).json(), bot.post("/posts", message).json()

    control(standin, "DELETE", f"posts?id={first['id']}")

    (left,) = control(standin, "GET", "posts?channel=support")
    assert (left["channel"], left["username"]) == ("support", "hub")
    control(standin, "POST", "reset")
    assert control(standin, "GET", "posts") == []
    assert bot.post("/posts", message).status_code == 201


def test_the_control_api_changes_who_may_do_what(
    bot: Api, standin: MattermostStandin, message: dict[str, Any]
) -> None:
    control(standin, "POST", "kick", {"channel": "support"})
    assert bot.post("/posts", message).status_code == 403

    control(standin, "POST", "members", {"channel": "support"})
    control(standin, "POST", "withdraw", {"username": "hub", "permission": "x"})

    assert bot.post("/posts", message).status_code == 201


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "nonsense", {}),
        ("POST", "faults", {"kind": "explode"}),
        ("POST", "kick", {"channel": "nonsense"}),
        ("POST", "settings", {"Nonsense": True}),
        ("DELETE", "posts?id=nonsense", None),
    ],
)
def test_the_control_api_says_what_is_wrong(
    standin: MattermostStandin, method: str, path: str, body: Any
) -> None:
    assert "no " in control(standin, method, path, body)["error"]


def read_answer(connection: socket.socket) -> bytes:
    connection.shutdown(socket.SHUT_WR)
    with connection.makefile("rb") as stream:
        return stream.read()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (SPLIT_REQUEST + b"4\r\nnull\r\n0\r\n\r\n", b"HTTP/1.1 400 Bad Request"),
        (b"GET /api/v4/system/ping HTTP/1.0\r\n\r\n", b"HTTP/1.1 200 OK"),
        (b"HEAD / HTTP/1.1\r\nConnection: close\r\n\r\n", b"HTTP/1.1 200 OK"),
        (b"nonsense\r\n\r\n", b"HTTP/1.1 400 Bad Request"),
    ],
)
def test_the_server_speaks_http(standin: MattermostStandin, sent: bytes, status: bytes) -> None:
    port = int(standin.url.rpartition(":")[2])

    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(sent)
        answer = read_answer(connection)

    assert answer.startswith(status)


def test_pipelined_requests_are_answered_in_order(standin: MattermostStandin) -> None:
    standin.set_fault("slow", delay_ms=20, path="ping")
    port = int(standin.url.rpartition(":")[2])
    first = b"GET /api/v4/system/ping HTTP/1.1\r\n\r\n"
    last = b"GET /api/v4/nonsense HTTP/1.1\r\nConnection: close\r\n\r\n"

    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(first + last)
        with connection.makefile("rb") as stream:
            answer = stream.read()

    assert 0 < answer.index(b'"status":"OK"') < answer.index(b"404 Not Found")


def test_the_process_keeps_a_journal_that_survives_it(tmp_path: Path) -> None:
    journal = tmp_path / "posts.jsonl"
    command = [sys.executable, "-m", "tests.standins.mattermost", "--port", "0"]
    command += ["--token", "secret", "--journal", str(journal)]

    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[4]
        hook = requests.post(f"{url}/_standin/hook", json={"channel": "support"}, timeout=10).json()
        requests.post(url + hook["path"], json={"text": "hello"}, timeout=10)
        process.send_signal(signal.SIGKILL)

    (line,) = map(json.loads, journal.read_text().splitlines())
    assert (line["channel"], line["message"]) == ("support", "hello")


def test_the_process_ends_by_itself_on_sigterm() -> None:
    command = [sys.executable, "-m", "tests.standins.mattermost", "--port", "0"]

    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.terminate()

    assert process.returncode == 0


def test_the_process_says_when_its_port_is_taken(standin: MattermostStandin) -> None:
    port = standin.url.rpartition(":")[2]
    command = [sys.executable, "-m", "tests.standins.mattermost", "--port", port]

    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert finished.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{port}" in finished.stderr


def test_a_bug_of_the_stand_in_fails_the_test() -> None:
    standin = MattermostStandin()
    standin.start()
    standin.configure(MaxPostSize="nonsense")
    with Api(standin) as bot:
        wish = {"channel_id": standin.channel_id("support"), "message": "hello"}
        assert bot.post("/posts", wish).status_code == 500

    with pytest.raises(RuntimeError, match="the stand-in broke"):
        standin.close()


def test_refusals_of_the_api_are_no_bugs(bot: Api) -> None:
    assert refusal(bot.post("/posts", {"channel_id": 7}))[0] == 400
