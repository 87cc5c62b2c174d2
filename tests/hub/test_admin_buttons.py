"""Questions and presses in the admin."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from hub.models import ActionInvocation, ActionTarget, TriggerRule
from tests.factories import NOON, make_channel, make_delivery, make_event, make_rule, make_source
from tests.hub.admin_pages import page_url, text_of

pytestmark = pytest.mark.django_db

SECRET_URL = "https://n8n.example.test/webhook-waiting/231?signature=4f2c81"


def make_question() -> ActionTarget:
    source = make_source("n8n", "n8n")
    return ActionTarget.objects.create(
        key="k" * 24,
        event=make_event(source, title="Factuur 118"),
        source=source,
        labels="Approve, Reject",
        buttons=[{"id": "a", "name": "Approve", "style": "", "url": SECRET_URL, "context": {}}],
        state=ActionTarget.State.DECIDED,
        decided_by="@anja",
        outcome="Workflow was started",
        expires_at=NOON,
    )


def make_press(target: ActionTarget) -> ActionInvocation:
    return ActionInvocation.objects.create(
        target=target,
        button="Approve",
        user_id="u" * 26,
        username="anja",
        channel_name="finance",
        outcome="accepted",
        pressed_at=timezone.now(),
    )


def test_a_question_says_who_decided_and_keeps_its_address(admin_client: Client) -> None:
    target = make_question()
    make_press(target)

    page = admin_client.get(page_url("actiontarget", "change", target.pk))

    assert "@anja" in text_of(page)
    assert "Workflow was started" in text_of(page)
    assert "https://n8n.example.test/…" in text_of(page)
    assert "4f2c81" not in page.content.decode()


def test_presses_are_found_by_who_pressed(admin_client: Client) -> None:
    make_press(make_question())

    found = admin_client.get(page_url("actioninvocation", "changelist"), {"q": "anja"})
    others = admin_client.get(page_url("actioninvocation", "changelist"), {"q": "bart"})

    assert found.context["cl"].result_count == 1
    assert others.context["cl"].result_count == 0


def test_the_presses_of_a_question_are_linked_from_it(admin_client: Client) -> None:
    target = make_question()
    press = make_press(target)

    url = page_url("actioninvocation", "changelist")
    page = admin_client.get(url, {"target__id__exact": target.pk})

    assert list(page.context["cl"].result_list) == [press]
    assert admin_client.get(page_url("actioninvocation", "change", press.pk)).status_code == 200


def test_a_delivery_shows_how_its_buttons_stand(admin_client: Client) -> None:
    target = make_question()
    action = {"id": f"{target.key}00", "name": "Approve"}
    row = make_delivery(
        make_channel(), event=target.event, message={"attachments": [{"actions": [action]}]}
    )

    page = text_of(admin_client.get(page_url("delivery", "change", row.pk)))

    assert "Its buttons decided Approve, Reject @anja: Workflow was started" in page


def test_a_list_of_people_must_hold_as_many_as_are_needed(admin_client: Client) -> None:
    rule = make_rule(make_channel(), press_audience="listed", presses_needed=2)
    rule.press_usernames = "@anja"

    page = admin_client.get(page_url("triggerrule", "change", rule.pk))

    assert "Who may press" in text_of(page)
    with pytest.raises(ValidationError, match="List as many people as are needed"):
        TriggerRule.clean(rule)
