"""Zammad: tickets, their deadlines and their customers."""

from pathlib import Path

from hub.contracts import Integration
from integrations.zammad.events import identify, parse, sign, verify
from integrations.zammad.kinds import KINDS
from integrations.zammad.probing import probe
from integrations.zammad.tags import enrich

INTEGRATION = Integration(
    name="zammad",
    label="Zammad",
    folder=Path(__file__).parent,
    kinds=KINDS,
    verify=verify,
    sign=sign,
    identify=identify,
    parse=parse,
    enrich=enrich,
    probe=probe,
    reference_pattern=r"ZD#\d+",
    credential_names=("token",),
    kept_headers=("x-zammad-trigger", "x-zammad-delivery"),
)
