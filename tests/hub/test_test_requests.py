"""A request that was sent to try a source: stored each time, told as a test, joined to nothing."""

import json

from django.test import Client

from hub.models import Channel, Delivery, Event, Reference, SourceState
from tests.factories import make_channel, make_rule, make_source, make_token, zammad_body
from tests.pumping import Pump


def send(client: Client, token: str, **headers: str) -> int:
    body = json.dumps(zammad_body())
    url = f"/hooks/{token}?event=created"
    return client.post(url, body, content_type="application/json", headers=headers).status_code


def match() -> None:
    pump = Pump()
    pump.matcher.match_batch(1)
    pump.close()


def make_stage(**rule: str) -> tuple[Channel, str, str]:
    """A channel with a rule, a test token and an ordinary one."""
    source, support = make_source(), make_channel("support")
    make_rule(support, line="Urgent: {{ title }}", **rule)
    return support, make_token(source, is_test=True)[1], make_token(source)[1]


def texts() -> list[str]:
    return [str(row.message["text"]) for row in Delivery.objects.order_by("pk")]


def test_the_same_test_request_is_taken_each_time(client: Client, db: None) -> None:
    _support, token, _other = make_stage()
    _row, second = make_token(is_test=True)
    known = {"x-zammad-delivery": "7d1c"}

    answers = [send(client, token, **known), send(client, second, **known)]

    assert answers == [202, 202]
    assert [event.is_test for event in Event.objects.all()] == [True, True]


def test_a_sender_cannot_make_its_request_a_test(client: Client, db: None) -> None:
    _support, _test, token = make_stage()

    send(client, token, **{"x-zammad-delivery": "hub-test:1"})

    assert not Event.objects.get().is_test


def test_the_message_says_that_it_is_a_test(client: Client, db: None) -> None:
    _support, token, _other = make_stage()

    send(client, token)
    match()

    assert texts() == ["**Test of the hub: nothing has happened.**\nUrgent: Webshop down"]


def test_the_message_says_it_in_the_language_of_the_channel(client: Client, db: None) -> None:
    support, token, _other = make_stage()
    Channel.objects.filter(pk=support.pk).update(language="nl")

    send(client, token)
    match()

    assert texts()[0].startswith("**Test van de hub: er is niets gebeurd.**")


def test_a_test_mentions_nobody_and_is_not_urgent(client: Client, db: None) -> None:
    _support, token, _other = make_stage(mentions="@channel", priority="urgent")

    send(client, token)
    match()

    assert "@channel" not in texts()[0]
    assert not Delivery.objects.get().message.get("priority")


def test_a_test_stays_out_of_the_thread_of_the_real_ticket(client: Client, db: None) -> None:
    _support, token, real = make_stage()

    send(client, real)
    match()
    send(client, token)
    match()

    displays = list(Reference.objects.order_by("pk").values_list("display", flat=True))
    assert displays == ["ZD#74001", "test ZD#74001"]
    assert len(set(Delivery.objects.values_list("lane", flat=True))) == 2
    assert not SourceState.objects.exists()
