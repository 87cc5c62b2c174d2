"""After a backup was restored: what was posted since is not posted again."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from hub.leases import take_lease
from hub.models import Delivery
from tests.factories import make_channel, make_delivery, make_server
from tests.pumping import Pump
from tests.standins.mattermost import MattermostStandin

pytestmark = pytest.mark.django_db


def after_restore() -> str:
    out = StringIO()
    call_command("after_restore", stdout=out)
    return out.getvalue()


def restore_as_waiting(delivery: Delivery) -> None:
    """As the backup has it, that was made before the delivery was posted."""
    Delivery.objects.filter(pk=delivery.pk).update(
        state="pending", attempt_count=0, post_id="", delivered_at=None, due_at=timezone.now()
    )
    delivery.attempts.all().delete()


def test_what_was_posted_after_the_backup_is_found_and_not_posted_again(
    pump: Pump, standin: MattermostStandin
) -> None:
    channel = make_channel(server=make_server(base_url=standin.url, bot_token=standin.token))
    now = timezone.now()
    posted = make_delivery(channel, message={"text": "posted"}, due_at=now, created_at=now)
    pump.run()
    make_delivery(channel, message={"text": "not yet"}, due_at=now, created_at=now)
    restore_as_waiting(posted)

    said = after_restore()
    pump.run()

    assert said == "2 waiting deliveries are looked for before they are posted\n"
    assert [post["message"] for post in standin.posts("support")] == ["posted", "not yet"]


def test_channels_where_nothing_can_be_looked_for_are_counted() -> None:
    address = "https://mattermost.example.test/hooks/abc"
    make_delivery(make_channel("by-bot"))
    make_delivery(make_channel("by-hook", post_via="incoming_webhook", webhook_url=address))

    assert "1 of them go through an incoming webhook" in after_restore()


def test_what_is_done_is_left_alone() -> None:
    delivery = make_delivery(make_channel(), state="delivered")

    after_restore()

    delivery.refresh_from_db()
    assert delivery.unknown_since is None


def test_a_running_worker_is_refused() -> None:
    take_lease("drain:main:0", "somebody", timezone.now())
    delivery = make_delivery(make_channel())

    with pytest.raises(CommandError, match="stop it"):
        after_restore()

    delivery.refresh_from_db()
    assert delivery.unknown_since is None
