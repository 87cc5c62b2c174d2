"""Zammad: tickets, their deadlines and their customers."""

from pathlib import Path

from hub.contracts import Integration
from hub.contracts import gettext_noop as _
from integrations.zammad.events import identify, parse, sign, verify
from integrations.zammad.finding import find_account, find_ticket
from integrations.zammad.kinds import KINDS
from integrations.zammad.probing import probe
from integrations.zammad.tags import enrich
from integrations.zammad.writing import reply

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
    find_ticket=find_ticket,
    reply=reply,
    reply_options=frozenset(("public", "close", "status", "assign")),
    find_account=find_account,
    probe=probe,
    reference_pattern=r"ZD#\d+",
    credential_names=("token",),
    options={
        "p1_priorities": _(
            'the names of the priorities that count as P1: ["3 high"] (the default)'
        ),
        "tag": _("the tag that calls in the developers: mattermost (the default)"),
        "own_login": _("the login of the hub's user: its own updates and notes are not told about"),
        "closed_states": _("your own names of closed states, beside closed"),
        "write_as": _(
            "person: what is written from chat stands under the person's own account; "
            "otherwise the hub's user writes, and the text names the person"
        ),
    },
    kept_headers=("x-zammad-trigger", "x-zammad-delivery"),
)
