"""Slash commands through real processes: answered in time, and written once whatever dies."""

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from hub.models import CommandInvocation, ReferencePattern, SlashCommand
from hub.secrets import hash_token
from tests.commands import TOKEN
from tests.factories import make_server, make_source
from tests.running import Running, running_web, running_worker, wait_until
from tests.standins.mattermost import MattermostStandin
from tests.standins.zammad import Desk, User, ZammadStandin

pytestmark = [pytest.mark.cluster, pytest.mark.django_db(transaction=True)]

REPLIES = 200
KILL_EVERY_S = 3.0  # about what a worker needs to stand up again
PEOPLE = 16
State = CommandInvocation.State


@pytest.fixture
def zammad() -> Iterator[ZammadStandin]:
    agent = User(5, "hub", "Hub", "Bot", "hub@example.test", token="zammad-token")
    with ZammadStandin(Desk((agent,))) as zammad:
        zammad.desk.add_ticket(4711, "74001", "Server down")
        yield zammad


@pytest.fixture
def command(standin: MattermostStandin, zammad: ZammadStandin) -> SlashCommand:
    source = make_source(base_url=zammad.url, credentials={"token": "zammad-token"})
    ReferencePattern.objects.create(source=source, pattern=r"ZD#\d+")
    server = make_server(base_url=standin.url, bot_token=standin.token)
    return SlashCommand.objects.create(
        server=server, trigger="reply", purpose="reply", token_sha256=hash_token(TOKEN)
    )


def type_reply(web: Running, standin: MattermostStandin, number: int) -> None:
    fields = {
        "token": TOKEN,
        "user_id": standin.user_id("anja"),
        "user_name": "anja",
        "channel_id": standin.channel_id("support"),
        "trigger_id": f"trigger {number}",
        "text": f"ZD#74001 note number {number}",
    }
    with urlopen(f"{web.url}/commands/reply", urlencode(fields).encode(), timeout=20) as answer:
        assert answer.status == 200


def kill_at_random(worker: Running, is_over: threading.Event) -> None:
    """Any process but the supervisor, whose death ends the worker on purpose."""
    choice = random.Random(74001)  # a test that can be repeated
    while not is_over.wait(KILL_EVERY_S):
        victims = worker.pids[1:]
        if victims:
            with suppress(ProcessLookupError):
                os.kill(choice.choice(victims), signal.SIGKILL)


def all_over() -> bool:
    return not CommandInvocation.objects.filter(state__in=CommandInvocation.DUE_STATES).exists()


def test_a_command_is_answered_with_its_result_in_time(
    command: SlashCommand, standin: MattermostStandin, zammad: ZammadStandin
) -> None:
    with running_worker(), running_web() as web:
        typed = standin.create_command("reply", f"{web.url}/commands/reply")
        SlashCommand.objects.update(token_sha256=hash_token(str(typed["token"])))
        wait_until(lambda: standin.execute("anja", "support", "/hub").status == 404)

        outcome = standin.execute("anja", "support", "/reply ZD#74001 confirmed by phone")
        wait_until(lambda: CommandInvocation.objects.filter(state=State.DONE).exists())

    assert outcome.status == 200
    assert len(zammad.desk.articles) == 1


@pytest.mark.storm
@pytest.mark.timeout(300)
def test_killing_workers_during_200_replies_leaves_200_notes(
    command: SlashCommand, standin: MattermostStandin, zammad: ZammadStandin
) -> None:
    is_over = threading.Event()
    with (
        running_worker() as worker,
        running_web(PEOPLE) as web,
        ThreadPoolExecutor(PEOPLE) as people,
    ):
        killer = threading.Thread(target=kill_at_random, args=(worker, is_over))
        killer.start()
        list(people.map(lambda number: type_reply(web, standin, number), range(REPLIES)))
        time.sleep(KILL_EVERY_S)
        is_over.set()
        killer.join()
        wait_until(all_over, timeout=120)

    notes = Counter(str(article["body"]) for article in zammad.desk.articles.values())
    assert len(notes) == REPLIES
    assert set(notes.values()) == {1}
    assert set(CommandInvocation.objects.values_list("state", flat=True)) == {State.DONE}
