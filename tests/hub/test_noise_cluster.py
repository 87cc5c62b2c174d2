"""Windows and counts of a real worker that is killed: nothing lost, nothing told twice."""

import json

import pytest

from hub.models import Channel, Delivery, Event
from tests.factories import make_channel, make_rule, make_server, make_source, zammad_body
from tests.running import running_worker, wait_until
from tests.standins.mattermost import MattermostStandin

pytestmark = [pytest.mark.cluster, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def support(standin: MattermostStandin) -> Channel:
    return make_channel("support", make_server(base_url=standin.url, bot_token=standin.token))


def store(*numbers: int, note: int = 0) -> None:
    """An event about each ticket, as if received."""
    source = Event.objects.order_by("pk").values_list("source_id", flat=True).first()
    source = source or make_source().pk
    for number in numbers:
        body = json.dumps(zammad_body(number, title=f"ticket {number}", note=note)).encode()
        Event.objects.create(source_id=source, dedup_key=f"{number}.{note}", body=body)


def all_told() -> bool:
    received = Event.objects.filter(state="received").exists()
    return not received and not Delivery.objects.filter(state__in=Delivery.OPEN_STATES).exists()


def test_a_window_outlives_its_worker_and_is_told_once(
    support: Channel, standin: MattermostStandin
) -> None:
    make_rule(support, line="{{ title }}", group_seconds=6, has_card=False)
    store(*range(74001, 74006))
    with running_worker() as worker:
        wait_until(Delivery.objects.filter(told_count=4).exists)
        store(*range(74006, 74011))
        worker.kill_all()

    with running_worker():
        wait_until(all_told, timeout=60)

    posts = standin.posts(channel="support")
    told = "\n".join(post["message"] for post in posts)
    assert len(posts) <= 2  # the second five may have missed the first window
    assert all(told.count(f"ticket {number}") == 1 for number in range(74001, 74011))


def test_a_worker_killed_while_it_counts_counts_right_in_the_end(
    support: Channel, standin: MattermostStandin
) -> None:
    make_rule(support, line="{{ title }}", repeat_minutes=60, has_card=False)
    standin.set_fault("slow", delay_ms=300, count=None, path="/api/v4/posts")
    store(74001)
    with running_worker() as worker:
        standin.wait_for_posts(1, channel="support", timeout=20)
        for note in range(1, 15):
            store(74001, note=note)
        wait_until(Delivery.objects.filter(action="count").exists)
        worker.kill_all()
    standin.clear_faults()

    with running_worker():
        wait_until(all_told, timeout=60)

    (post,) = standin.posts(channel="support")
    assert post["message"].startswith("ticket 74001 · 15 times, last ")
    assert Delivery.objects.filter(state="suppressed").count() == 14
