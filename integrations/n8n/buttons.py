"""The buttons of a request: kept whole for whoever relays a press, shown as words to readers."""

from hub.contracts import JSONObject
from integrations.n8n.reading import Fields

MAX_BUTTONS = 20
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


def show_buttons(buttons: list[JSONObject], attachment: int | None) -> str:
    """Looks like buttons that cannot be pressed, in every language."""
    names = [str(one["name"]) for one in buttons if one.get("attachment") == attachment]
    return " ".join(f"`{name.replace('`', chr(39))}`" for name in names)


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
