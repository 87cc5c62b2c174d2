"""A real worker on a real database, killed and starved: nothing lost, nothing doubled."""

import json
import os
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from django.db import connection

from hub.models import Attempt, Channel, Delivery, DrainLease, Event
from tests.factories import (
    make_channel,
    make_rule,
    make_server,
    make_source,
    make_token,
    zammad_body,
)
from tests.running import Running, running_web, running_worker, wait_until
from tests.standins.mattermost import MattermostStandin

pytestmark = [pytest.mark.cluster, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def support(standin: MattermostStandin) -> Channel:
    server = make_server(base_url=standin.url, bot_token=standin.token)
    channel = make_channel("support", server)
    make_rule(channel, line="{{ title }}", has_card=False)
    return channel


@pytest.fixture
def token(support: Channel) -> str:
    return make_token(make_source())[1]


def store_events(count: int, *, first: int = 74001) -> list[str]:
    """Events as if received: distinct tickets, titles `ticket <number>`."""
    source = make_source()
    numbers = range(first, first + count)
    for number in numbers:
        body = json.dumps(zammad_body(number, title=f"ticket {number}")).encode()
        Event.objects.create(source=source, dedup_key=str(number), body=body)
    return [f"ticket {number}" for number in numbers]


def delivered(standin: MattermostStandin) -> Counter[str]:
    return Counter(post["message"] for post in standin.posts(channel="support"))


def all_delivered() -> bool:
    open_states = Delivery.OPEN_STATES
    received = Event.objects.filter(state="received").exists()
    return not received and not Delivery.objects.filter(state__in=open_states).exists()


def post_webhook(url: str, body: dict[str, object]) -> int:
    request = Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urlopen(request, timeout=10) as response:
            return int(response.status)
    except HTTPError as error:
        return error.code


def test_a_webhook_becomes_a_post_through_real_processes(
    token: str, standin: MattermostStandin
) -> None:
    with running_worker(), running_web() as web:
        status = post_webhook(f"{web.url}/hooks/{token}", zammad_body(title="hello"))
        standin.wait_for_posts(1, channel="support", timeout=20)

    assert status == 202
    assert delivered(standin) == Counter({"hello": 1})


def test_a_worker_killed_between_post_and_commit_posts_once(
    support: Channel, standin: MattermostStandin
) -> None:
    standin.set_fault("slow", delay_ms=3000, count=1, path="/api/v4/posts")
    store_events(1)

    with running_worker() as worker:
        standin.wait_for_posts(1, channel="support", timeout=20)
        worker.kill_all()
    with running_worker():
        wait_until(all_delivered, timeout=45)

    delivery = Delivery.objects.get()
    assert delivered(standin) == Counter({"ticket 74001": 1})
    assert delivery.unknown_since is not None


def test_sigterm_ends_within_ten_seconds_and_loses_nothing(
    support: Channel, standin: MattermostStandin
) -> None:
    standin.set_fault("slow", delay_ms=200, count=None, path="/api/v4/posts")
    titles = store_events(200)
    with running_worker() as worker:
        standin.wait_for_posts(20, channel="support", timeout=20)
        took_s = worker.stop()
    assert took_s < 10
    assert not Delivery.objects.filter(state="sending").exists()
    standin.clear_faults()

    with running_worker():
        wait_until(all_delivered, timeout=60)

    assert delivered(standin) == Counter(titles)


def kill_each_in_turn(worker: Running) -> None:
    """Every process below the supervisor, one at a time, with a delivery after each."""
    _supervisor, *below = worker.pids
    for index, pid in enumerate(below):
        if pid in worker.pids:
            os.kill(pid, signal.SIGKILL)
            store_one_more(index)
            wait_until(all_delivered, timeout=30)


def store_one_more(index: int) -> None:
    number = 80_000 + index
    body = json.dumps(zammad_body(number, title=f"ticket {number}")).encode()
    Event.objects.create(
        source_id=Event.objects.earliest("pk").source_id, dedup_key=str(number), body=body
    )


@pytest.mark.timeout(400)
def test_any_process_of_the_worker_may_be_killed_and_delivery_goes_on(
    support: Channel, standin: MattermostStandin
) -> None:
    store_events(5)

    with running_worker() as worker:
        wait_until(all_delivered)
        kill_each_in_turn(worker)

    assert set(delivered(standin).values()) == {1}
    assert sum(delivered(standin).values()) == Event.objects.count()


def test_a_cluster_whose_supervisor_is_killed_ends_by_itself(
    support: Channel, standin: MattermostStandin
) -> None:
    store_events(1)
    with running_worker() as worker:
        wait_until(all_delivered)
        _supervisor, *below = worker.pids

        worker.process.kill()

        wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in below), timeout=20)


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has no connections to drop")
def test_dropped_connections_give_no_5xx_and_lose_nothing(
    token: str, standin: MattermostStandin
) -> None:
    with running_worker(), running_web() as web, ThreadPoolExecutor(4) as senders:
        url = f"{web.url}/hooks/{token}"
        bodies = [zammad_body(74001 + n, title=f"ticket {n}") for n in range(150)]
        answers = [senders.submit(post_webhook, url, body) for body in bodies]
        terminate_connections(while_running=answers)
        statuses = Counter(answer.result() for answer in answers)
        wait_until(all_delivered, timeout=60)

    assert set(statuses) <= {200, 202}
    assert delivered(standin) == Counter(f"ticket {n}" for n in range(150))


def terminate_connections(while_running: list) -> None:  # type: ignore[type-arg]
    while not all(answer.done() for answer in while_running):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        time.sleep(0.3)


def store_steps() -> None:
    """Eight events on each of thirty tickets, one ticket after the other."""
    source = make_source()
    for step in range(8):
        for number in range(74001, 74031):
            body = json.dumps(zammad_body(number, title=f"{number} step {step}")).encode()
            Event.objects.create(source=source, dedup_key=f"{number}.{step}", body=body)


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite is for one machine")
def test_two_workers_share_the_work_and_keep_the_order(
    support: Channel, standin: MattermostStandin
) -> None:
    standin.set_fault("slow", delay_ms=20, count=None, path="/api/v4/posts")
    drains = DrainLease.objects.filter(name__startswith="drain:").exclude(holder="")
    with running_worker("one"), running_worker("two"):
        wait_until(lambda: drains.count() == 4)
        store_steps()
        wait_until(all_delivered, timeout=90)

    by_ticket: dict[str, list[str]] = {}
    for post in standin.posts(channel="support"):
        by_ticket.setdefault(post["message"][:5], []).append(post["message"][-1])
    assert all(steps == list("01234567") for steps in by_ticket.values())
    assert len(by_ticket) == 30


def test_a_mattermost_that_is_off_and_on_again_loses_and_doubles_nothing(
    support: Channel, standin: MattermostStandin
) -> None:
    with running_worker():
        titles = store_events(10)
        wait_until(all_delivered)
        standin.stop()
        source_id = Event.objects.earliest("pk").source_id
        for number in range(90_000, 90_020):
            body = json.dumps(zammad_body(number, title=f"ticket {number}")).encode()
            Event.objects.create(source_id=source_id, dedup_key=str(number), body=body)
        wait_until(lambda: Delivery.objects.filter(state="held").count() == 20)

        standin.start()
        wait_until(all_delivered, timeout=60)

    titles += [f"ticket {number}" for number in range(90_000, 90_020)]
    assert delivered(standin) == Counter(titles)
    assert Attempt.objects.filter(is_success=True).count() == 30


@pytest.mark.storm
@pytest.mark.timeout(300)
def test_two_minutes_without_mattermost_lose_and_double_nothing(
    support: Channel, standin: MattermostStandin
) -> None:
    with running_worker():
        titles = store_events(10)
        wait_until(lambda: Delivery.objects.exists())
        standin.stop()
        back_at = time.monotonic() + 120
        wait_until(lambda: time.monotonic() > back_at, timeout=150)

        standin.start()
        wait_until(lambda: Delivery.objects.count() == 10 and all_delivered(), timeout=90)

    assert delivered(standin) == Counter(titles)
