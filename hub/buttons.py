"""Buttons from outside become the hub's own: what each stands for is kept and never posted."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hub.contracts import JSONObject, JSONValue, Message, RelayButton
from hub.http import origin_of
from hub.models import ActionTarget, Source
from hub.pressing import Button, as_action
from hub.rules import PressRules

KIND = "relay"
KEY_BYTES = 12  # with two digits behind it, 26 letters and digits: the longest id of an action
MAX_BUTTONS = 20  # of one message; more are shown as words
NO_ADDRESS = "it has no address that a press could be told to"
NO_SOURCE = "its address belongs to no source: add {origin} to “other addresses it may call”"
TOO_MANY = f"a message has {MAX_BUTTONS} buttons at most"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which event of which source asks, and whom its rule lets answer."""

    event_id: int
    source_id: int
    pressing: PressRules


@dataclass
class Wrapping:
    """The buttons of one batch of matches. Make it with `begin_wrapping`."""

    now: datetime
    origins: Mapping[str, Sequence[int]] = field(default_factory=dict)  # ids of sources
    known: dict[tuple[int, int], ActionTarget] = field(default_factory=dict)  # event, attachment
    new: list[ActionTarget] = field(default_factory=list)  # to be inserted
    notes: dict[int, str] = field(default_factory=dict)  # event → why a button is none

    def wrap(self, message: Message, asked: Asked) -> Message:
        """The same message with actions in its attachments; what cannot be told becomes words."""
        if not message.buttons:
            return message
        attachments: list[JSONObject] = [{**one} for one in message.attachments] or [{}]
        grouped: dict[int, list[RelayButton]] = {}
        for button in message.buttons[:MAX_BUTTONS]:
            grouped.setdefault(button.attachment, []).append(button)
        for number, buttons in grouped.items():
            place = min(number, len(attachments) - 1)
            attachments[place] = self._with(attachments[place], number, buttons, asked)
        if left := message.buttons[MAX_BUTTONS:]:
            attachments[-1] = self._inert(attachments[-1], left, TOO_MANY, asked)
        return replace(message, attachments=tuple(attachments), buttons=())

    def _with(
        self, attachment: JSONObject, number: int, buttons: Sequence[RelayButton], asked: Asked
    ) -> JSONObject:
        live = [one for one in buttons if self._source_of(one, asked) is not None]
        if inert := [one for one in buttons if one not in live]:
            attachment = self._inert(attachment, inert, _objection(inert[0]), asked)
        if not live:
            return attachment
        target, shown = self._target(number, live, asked), attachment.get("actions")
        actions = [*(shown if isinstance(shown, list) else []), *_actions(target)]
        return {"fallback": target.labels, **attachment, "actions": actions}

    def _inert(
        self, attachment: JSONObject, buttons: Sequence[RelayButton], why: str, asked: Asked
    ) -> JSONObject:
        """Shown as words; the event says why."""
        note = f"the button “{buttons[0].name}” cannot be used: {why}"
        self.notes.setdefault(asked.event_id, note)
        names = [one.name.replace("`", "'") for one in buttons]
        return with_line(attachment, " ".join(f"`{name}`" for name in names))

    def _target(self, number: int, live: Sequence[RelayButton], asked: Asked) -> ActionTarget:
        """One for all posts of the event: by the first rule that words it."""
        found = self.known.get((asked.event_id, number))
        if found is None:
            source_id, pressing = self._source_of(live[0], asked), asked.pressing
            found = ActionTarget(
                key=secrets.token_hex(KEY_BYTES),
                event_id=asked.event_id,
                attachment=number,
                source_id=source_id,
                is_of_source=source_id == asked.source_id,
                labels=", ".join(one.name for one in live)[:500],
                buttons=[_stored(one) for one in live],  # type: ignore[misc]  # it holds JSON
                audience=pressing.audience,
                usernames=pressing.usernames,
                is_members_only=pressing.is_members_only,
                presses_needed=pressing.presses_needed,
                expires_at=self.now + timedelta(hours=pressing.hours),
            )
            self.known[asked.event_id, number] = found
            self.new.append(found)
        return found

    def _source_of(self, button: RelayButton, asked: Asked) -> int | None:
        """Its own source where it may call that address, else the first that may."""
        found = self.origins.get(origin_of(button.url), ()) if button.url else ()
        return asked.source_id if asked.source_id in found else next(iter(found), None)


def begin_wrapping(messages: Iterable[Message], replayed: Iterable[int], now: datetime) -> Wrapping:
    """Reads what is needed, which is nothing for a batch without buttons."""
    if not any(message.buttons for message in messages):
        return Wrapping(now)
    origins: dict[str, list[int]] = {}
    callable_ones = Source.objects.filter(is_active=True).exclude(base_url="")
    for row in callable_ones.order_by("pk").only("base_url", "extra_origins"):
        for address in (row.base_url, *row.extra_origins.split()):
            origins.setdefault(origin_of(address), []).append(row.pk)
    known = ActionTarget.objects.filter(event_id__in=list(replayed))
    return Wrapping(now, origins, {(one.event_id, one.attachment): one for one in known})


def with_line(attachment: JSONObject, line: str) -> JSONObject:
    """A line more at the end of its text."""
    text = attachment.get("text")
    return {
        **attachment,
        "text": f"{text}\n\n{line}" if isinstance(text, str) and text else line,
        "fallback": attachment.get("fallback") or line,
    }


def _stored(button: RelayButton) -> JSONObject:
    return {
        "id": button.action_id,
        "name": button.name,
        "style": button.style,
        "url": button.url,
        "context": button.context,
    }


def _actions(target: ActionTarget) -> list[JSONValue]:
    """All of the question as it was first asked."""
    return [
        as_action(
            Button(
                kind=KIND,
                label=str(one["name"]),
                payload={"target": target.key, "button": number},
                expires_at=target.expires_at,
                style=str(one["style"] or "default"),
                action_id=f"{target.key}{number:02d}",
            )
        )
        for number, one in enumerate(target.buttons)
    ]


def _objection(button: RelayButton) -> str:
    origin = origin_of(button.url) if button.url else ""
    return NO_SOURCE.format(origin=origin) if origin else NO_ADDRESS
