"""The buttons of a request: kept whole, for the hub to tell presses to their addresses."""

from collections.abc import Sequence

from hub.contracts import JSONObject, RelayButton
from integrations.n8n.reading import Fields, as_text

MAX_BUTTONS = 20
PRESSABLE = (None, "", "button")  # a menu is none: it is shown as a word
RESUME_URL = "resume_url"  # of a Wait node: who knows it can decide


def read_buttons(body: Fields) -> list[JSONObject]:
    """Those of the message itself, and those of its attachments in their order.

    Each has what it came with, and `id`, `name`, `style`, `url` (where a press is to be told),
    `context`, and in `attachment` the number of its attachment, null for the message's own.
    Raises PayloadError.
    """
    context = body.inner("context").value
    found = [_button(one, context, None) for one in body.each("actions")]
    for place, attachment in enumerate(body.each("attachments")):
        found += [_button(one, {}, place) for one in attachment.each("actions")]
    return [one for one in found if one["name"]][:MAX_BUTTONS]


def read_context(body: Fields) -> JSONObject:
    """What rules may read of it: all but the address that decides."""
    context = body.inner("context").value
    return {name: value for name, value in context.items() if name != RESUME_URL}


def as_relay_buttons(
    buttons: list[JSONObject], shown: Sequence[int | None]
) -> tuple[RelayButton, ...]:
    """In the order of `shown`, the attachments as they are posted; None is the message's own."""
    return tuple(
        RelayButton(
            name=as_text(one["name"]),
            url=as_text(one["url"]) if one.get("type") in PRESSABLE else "",
            context=context if isinstance(context := one["context"], dict) else {},
            style=as_text(one["style"]),
            action_id=as_text(one["id"]),
            attachment=place,
        )
        for place, attachment in enumerate(shown)
        for one in buttons
        if one["attachment"] == attachment
    )


def _button(action: Fields, shared: JSONObject, attachment: int | None) -> JSONObject:
    integration = action.inner("integration")
    context = {**shared, **action.inner("context").value, **integration.inner("context").value}
    resume_url = context.pop(RESUME_URL, "")
    own = {name: value for name, value in action.value.items() if name != "integration"}
    url = integration.address("url") or action.address("url")
    return {
        **own,
        "id": action.line("id"),
        "name": action.line("name") or action.line("id"),
        "style": action.line("style"),
        "url": url or Fields({RESUME_URL: resume_url}, action.at("context")).address(RESUME_URL),
        "context": context,
        "attachment": attachment,
    }
