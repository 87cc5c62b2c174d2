"""A press of a button from outside: who may, once, told to where it came from, and shown."""

import logging
import threading
import time
from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from hub import registry
from hub.contracts import DeliveryError, JSONObject, SourceView
from hub.deciding import (
    Claimed,
    Outcome,
    claim_unfinished,
    decide,
    mark_failed,
    mark_late,
    mark_shown,
    mark_told,
    record_press,
)
from hub.delivering import bind_post
from hub.models import ActionTarget, Delivery
from hub.people import is_switched_off
from hub.permitting import find_objection
from hub.pressing import Press, Pressed
from hub.showing import decision_line, find_posts, show_post
from hub.telling import Telling, explain, tell
from hub.views import server_view, source_view

logger = logging.getLogger(__name__)

RESUME_S = 15.0  # and the last call: a task has 90 s
RESULT_S = 2.0  # for a result that comes at the very moment
State = ActionTarget.State


@dataclass(slots=True)
class Result:
    """Of telling one decision: its row as it is now, and what the person who pressed reads."""

    target: ActionTarget
    ephemeral_text: str = ""


def relay_press(press: Press) -> Pressed:
    """Never raises for anything that the other system does."""
    now = timezone.now()
    key, number = press.payload.get("target"), press.payload.get("button")
    target = ActionTarget.objects.filter(key=str(key)).select_related("event", "source").first()
    if target is None or not isinstance(number, int) or number >= len(target.buttons):
        record_press(press, Outcome.LATE, now, kind="relay")
        return Pressed(_("The hub does not know this button any more. Nothing was done."))
    delivery = find_pressed(target, press)
    if delivery is None:
        record_press(press, Outcome.FORGED, now, kind="relay", target=target, number=number)
        return Pressed(_("This button belongs to another message. Nothing was done."))
    objection = _objection(target, press, delivery)
    if objection:
        name = str(target.buttons[number]["name"])[:250]
        fields = {"kind": "relay", "target": target, "number": number, "button": name}
        record_press(press, Outcome.UNAUTHORISED, now, answer_excerpt=objection[:500], **fields)
        return Pressed(objection)
    return _answer(decide(target, number, press, now=now), delivery)


def _objection(target: ActionTarget, press: Press, delivery: Delivery) -> str:
    if is_switched_off(delivery.server, press.user_id):
        return _("An administrator has switched you off in the hub.")
    is_private = target.event.is_private
    return find_objection(target, press, server_view(delivery.server), is_private=is_private)


def find_pressed(target: ActionTarget, press: Press) -> Delivery | None:
    """The delivery whose post was pressed. One whose post nobody named is bound to this one."""
    posts = find_posts(target)
    for delivery in posts:
        if delivery.post_id == press.post_id:
            return delivery
    for delivery in posts:
        is_here = delivery.channel.channel_id in ("", press.channel_id)
        if not delivery.post_id and is_here and bind_post(delivery.pk, press.post_id):
            delivery.post_id = press.post_id
            return delivery
    return None


def resume_relays() -> int:
    """What killed processes have left: told again, with the same key, and shown. How many."""
    count, end = 0, time.monotonic() + RESUME_S
    while time.monotonic() < end and (target := claim_unfinished(timezone.now())) is not None:
        if target.state == State.RUNNING:
            target = _tell(target).target
        show_posts(target)
        count += 1
    return count


def show_posts(target: ActionTarget, answered_post_id: str = "") -> None:
    """Every post says how it stands; the one that a press's answer changes is left to it."""
    failed = False
    for delivery in find_posts(target):
        content = show_post(delivery, target)
        if delivery.post_id and delivery.post_id != answered_post_id:
            failed |= not _patch(delivery, content)
    if not failed:
        mark_shown(target)


def _answer(claimed: Claimed, delivery: Delivery) -> Pressed:
    target = claimed.target
    if claimed.is_to_be_told:
        result = _tell_in_time(target, delivery.post_id)
        if claimed.outcome == Outcome.ACCEPTED:
            return Pressed(result.ephemeral_text, _update(delivery, result.target))
        target = result.target
    if claimed.outcome == Outcome.WAITING:
        text = _("Noted. A second person has to press the same button.")
        return Pressed(text, _update(delivery, target))
    if claimed.outcome == Outcome.LATE:
        return Pressed(_("It is too late for this button. Nothing was done."))
    line = decision_line(target, delivery.channel) if target.decided_by else target.outcome
    text = _("This was decided already. %(decision)s") % {"decision": line}
    return Pressed(text, _update(delivery, target))


def _update(delivery: Delivery, target: ActionTarget) -> JSONObject:
    return show_post(delivery, target)


def _tell_in_time(target: ActionTarget, post_id: str) -> Result:
    """The result, or that it takes its time: then the posts are changed when it comes."""
    teller = _Teller(target, post_id, translation.get_language())
    teller.start()
    if not teller.is_done.wait(settings.HUB_PRESS_SECONDS) and mark_late(target):
        target.is_late = True
        return Result(target, _busy(target))
    teller.is_done.wait(RESULT_S)
    return teller.result or Result(target, _busy(target))


class _Teller(threading.Thread):
    """Outlives the answer to Mattermost. If it is killed, resume_relays goes on."""

    def __init__(self, target: ActionTarget, post_id: str, language: str | None) -> None:
        super().__init__(name=f"hub-tell-{target.pk}", daemon=True)
        self.result: Result | None = None
        self.is_done = threading.Event()
        self._target, self._post_id, self._language = target, post_id, language

    def run(self) -> None:
        try:
            with translation.override(self._language):
                result = _tell(self._target)
            self.result = result
            self.is_done.set()
            if result.target.state != State.RUNNING:
                answered = "" if result.target.is_late else self._post_id
                show_posts(result.target, answered)
        except Exception:
            logger.exception("Press of question %s was not told", self._target.pk)
        finally:
            self.is_done.set()
            connection.close()


def _tell(target: ActionTarget) -> Result:
    """Call the other system once and write down what it says."""
    source, started = target.source, time.monotonic()
    system = source.name if source is not None else _("the other system")
    view = source_view(source) if source is not None else SourceView(system)
    try:
        told = tell(view, _telling(target), now=timezone.now())
    except DeliveryError as error:
        sentence = explain(error, system)
        logger.warning("%s did not take a press: %s", system, error)
        mark_failed(target, error, sentence, now=timezone.now(), duration_ms=_since(started))
        return Result(target, _busy(target) if target.state == State.RUNNING else sentence)
    if mark_told(target, told, now=timezone.now(), duration_ms=_since(started)):
        return Result(target, told.ephemeral_text)
    return Result(target)


def _telling(target: ActionTarget) -> Telling:
    """What Mattermost would have sent, and who decided."""
    button = target.buttons[target.chosen or 0]
    selected: JSONObject = {
        "context": button["context"],
        "action": button["id"] or button["name"],
        "decided_by": target.decided_by,
    }
    return Telling(
        url=button["url"],
        body={**target.press, **selected},
        key=target.decision_key,
        has_credential=target.is_of_source,
    )


def _busy(target: ActionTarget) -> str:
    system = target.source or _("the other system")
    return _("%(system)s is busy with it. The message will say what became of it.") % {
        "system": system
    }


def _patch(delivery: Delivery, content: JSONObject) -> bool:
    """False when it is worth another try."""
    conversations = registry.destination().conversations
    try:
        conversations.patch_post(server_view(delivery.server), delivery.post_id, content)
    except DeliveryError as error:
        logger.warning("Post %s cannot say what was decided: %s", delivery.post_id, error)
        return error.permanent
    return True


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
