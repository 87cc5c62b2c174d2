"""Which function takes the press of which sort of button."""

from collections.abc import Callable, Mapping

from hub.buttons import KIND as RELAY
from hub.choosing import press_choice, press_undo
from hub.linking import press_link
from hub.pressing import Press, Pressed
from hub.relaying import relay_press

PRESSES: Mapping[str, Callable[[Press], Pressed]] = {
    RELAY: relay_press,
    "choose": press_choice,
    "undo": press_undo,
    "link": press_link,
}
RECORDED_THERE = frozenset({RELAY})  # with more than is known here
