"""What the post of a question says: who decided, and what the other system made of it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from hub.buttons import with_line
from hub.contracts import JSONObject, JSONValue, Message
from hub.deciding import find_waiting
from hub.delivering import save_card
from hub.formats import Locale
from hub.markdown import break_mentions
from hub.models import ActionTarget, Channel, Delivery, Thread
from hub.rendering import quote_outside
from hub.secrets import mask_secrets
from hub.sending import message_as_json, message_from_json

HUB_KEY = "hub_key"  # of props: by it the destination finds a post again
State = ActionTarget.State


def find_posts(target: ActionTarget) -> list[Delivery]:
    """All that show the question, in every channel and every repeat."""
    rows = Delivery.objects.filter(event_id=target.event_id, action=Delivery.Action.POST)
    rows = rows.exclude(state=Delivery.State.SUPPRESSED).select_related("channel", "server")
    return [row for row in rows.order_by("pk") if shows_question(row.message, target.key)]


def show_post(delivery: Delivery, target: ActionTarget) -> JSONObject:
    """`message` and `props` of a post as they are to be now: all of them, as an edit replaces."""
    thread = _root_of(delivery)
    stored = thread.card if thread is not None else delivery.message
    with translation.override(delivery.channel.language):
        shown = message_from_json(_shown(stored, _questions(target), delivery.channel))
    if target.state == State.DECIDED and target.update and shows_question(stored, target.key):
        shown = _updated(shown, target.update)
    if thread is not None and target.state == State.DECIDED:
        save_card(thread.channel_id, thread.root_post_id, message_as_json(shown))
    props: JSONObject = {**shown.props, HUB_KEY: delivery.key.hex}
    props["attachments"] = list(shown.attachments)
    if shown.card:
        props["card"] = shown.card
    return {"message": shown.text, "props": props}


def decision_line(target: ActionTarget, channel: Channel) -> str:
    """Who decided when, and what came of it."""
    when = Locale(channel.language, channel.zone).datetime_of(target.decided_at)
    words: Mapping[str, Any] = {
        "button": target.chosen_name.replace("*", ""),
        "who": target.decided_by,
        "when": when,
        "system": target.source or _("the other system"),
    }
    if target.state == State.RUNNING:
        return _("**%(button)s**: %(who)s, %(when)s. %(system)s is busy with it.") % words
    line = _("**%(button)s**: %(who)s, %(when)s.") % words
    outcome = str(break_mentions(mask_secrets(target.outcome)))
    return f"{line} {outcome}".strip()


def _questions(target: ActionTarget) -> list[ActionTarget]:
    """The others of the same message as they stand, too; this one as the caller has it."""
    rows = ActionTarget.objects.filter(event_id=target.event_id).select_related("source")
    return [target, *rows.exclude(pk=target.pk)]


def _root_of(delivery: Delivery) -> Thread | None:
    """The root of a thread changes with every edit of its card: its row knows what it says."""
    if delivery.reference_id is None or not delivery.post_id:
        return None
    return Thread.objects.filter(
        channel_id=delivery.channel_id,
        reference_id=delivery.reference_id,
        root_post_id=delivery.post_id,
    ).first()


def _shown(stored: JSONObject, targets: Iterable[ActionTarget], channel: Channel) -> JSONObject:
    attachments = [dict(one) for one in _objects(stored.get("attachments"))]
    for target in targets:
        attachments = [
            _answered(one, target, channel) if _asks(one, target.key) else one
            for one in attachments
        ]
    return {**stored, "attachments": [*attachments]}


def _answered(attachment: JSONObject, target: ActionTarget, channel: Channel) -> JSONObject:
    """The line instead of the buttons; beside them while somebody may still press."""
    if target.state == State.OPEN:
        line = _open_line(target)
        return with_line(attachment, line) if line else attachment
    left = [one for one in _objects(attachment.get("actions")) if not _is_of(one, target.key)]
    answered = {name: value for name, value in attachment.items() if name != "actions"}
    if left:
        answered["actions"] = [*left]
    return with_line(answered, decision_line(target, channel))


def _open_line(target: ActionTarget) -> str:
    waiting = find_waiting(target).values() if target.presses_needed > 1 else ()
    lines = [
        _("**%(button)s**: %(who)s. A second person has to press it, too.")
        % {"button": target.buttons[number]["name"], "who": f"@{name}"}
        for name, number in waiting
    ]
    if target.is_late and target.outcome:
        lines.append(f":warning: {target.outcome}")
    return "\n".join(lines)


def _updated(shown: Message, update: JSONObject) -> Message:
    """As the other system wants it: its text, its attachments before ours. Never its buttons."""
    text, props = update.get("message"), update.get("props")
    attachments = _objects(props.get("attachments")) if isinstance(props, dict) else []
    bare = [{k: v for k, v in one.items() if k != "actions"} for one in attachments]
    theirs = Message(text=text if isinstance(text, str) else "", attachments=tuple(bare))
    quoted = quote_outside(theirs)
    return replace(
        shown,
        text=quoted.text or shown.text,
        attachments=(*quoted.attachments, *shown.attachments),
    )


def shows_question(message: JSONObject, key: str) -> bool:
    """Are its buttons among those of this message?"""
    return any(_asks(one, key) for one in _objects(message.get("attachments")))


def _asks(attachment: JSONObject, key: str) -> bool:
    return any(_is_of(one, key) for one in _objects(attachment.get("actions")))


def _is_of(action: JSONObject, key: str) -> bool:
    return str(action.get("id") or "").startswith(key)


def _objects(value: JSONValue) -> list[JSONObject]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
