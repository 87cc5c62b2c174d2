"""What the hub itself has to say: outages of what it watches, and trouble with its sources."""

from pathlib import Path

from hub.contracts import Integration
from integrations.watch.events import KINDS, identify, parse

INTEGRATION = Integration(
    name="hub",
    label="Hub",
    folder=Path(__file__).parent,
    kinds=KINDS,
    identify=identify,
    parse=parse,
)
