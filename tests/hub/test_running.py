"""What runs beside a drain: it stays its own until it has ended."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from hub.models import CommandInvocation
from hub.running import Runner
from tests.commands import Keyboard
from tests.notebook import Notebook
from tests.running import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def due_at(row: CommandInvocation) -> datetime | None:
    row.refresh_from_db()
    return row.due_at


def test_a_slow_call_is_not_taken_over_when_its_drain_ends(
    keyboard: Keyboard, notebook: Notebook
) -> None:
    notebook.may_answer.clear()
    row = keyboard.type("/reply #23 done")
    runner = Runner(lambda: None)
    runner.look(timezone.now(), is_busy=False)
    assert notebook.is_asked.wait(10)
    nearly_over = timezone.now() + timedelta(seconds=1)
    CommandInvocation.objects.update(due_at=nearly_over)

    runner.close()

    wait_until(lambda: due_at(row) != nearly_over)
    assert due_at(row) > nearly_over + timedelta(seconds=5)  # type: ignore[operator]  # it is claimed
    notebook.may_answer.set()
    wait_until(lambda: due_at(row) is None)
    assert notebook.texts() == ["done"]
