"""Which function takes the press of which sort of button."""

from collections.abc import Callable, Mapping

from hub.buttons import KIND as RELAY
from hub.pressing import Press, Pressed
from hub.relaying import relay_press

PRESSES: Mapping[str, Callable[[Press], Pressed]] = {RELAY: relay_press}
RECORDED_THERE = frozenset({RELAY})  # with more than is known here
