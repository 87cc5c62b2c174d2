"""The actions of an attachment, as buttons whose presses the hub tells to their addresses."""

from hub.contracts import JSONObject, RelayButton
from integrations.mattermost_compatible.reading import read_address, text_of

MAX_NAME_CHARS = 100
MAX_STYLE_CHARS = 20
PRESSABLE = (None, "", "button")  # a menu is none: it is shown as a word


def read_buttons(attachment: JSONObject, place: int) -> list[RelayButton]:
    """Those with a name; one without an address is shown as a word."""
    actions = attachment.get("actions")
    found = [one for one in actions if isinstance(one, dict)] if isinstance(actions, list) else []
    return [_button(one, place) for one in found if _name(one)]


def without_actions(attachment: JSONObject) -> JSONObject:
    return {name: value for name, value in attachment.items() if name != "actions"}


def _button(action: JSONObject, place: int) -> RelayButton:
    integration = action.get("integration")
    integration = integration if isinstance(integration, dict) else {}
    context = integration.get("context")
    return RelayButton(
        name=_name(action),
        url=read_address(integration, "url") if action.get("type") in PRESSABLE else "",
        context=context if isinstance(context, dict) else {},
        style=text_of(action, "style")[:MAX_STYLE_CHARS],
        action_id=text_of(action, "id")[:MAX_NAME_CHARS],
        attachment=place,
    )


def _name(action: JSONObject) -> str:
    return " ".join((text_of(action, "name") or text_of(action, "id")).split())[:MAX_NAME_CHARS]
