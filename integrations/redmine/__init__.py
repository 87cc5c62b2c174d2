"""Redmine: issues, by its own webhooks, by a plugin's, or looked for."""

from pathlib import Path

from hub.contracts import Integration
from hub.contracts import gettext_noop as _
from integrations.redmine.enriching import enrich
from integrations.redmine.events import identify, parse, sign, verify
from integrations.redmine.finding import find_account, find_ticket
from integrations.redmine.kinds import KINDS
from integrations.redmine.polling import poll
from integrations.redmine.probing import probe
from integrations.redmine.writing import reply

INTEGRATION = Integration(
    name="redmine",
    label="Redmine",
    folder=Path(__file__).parent,
    kinds=KINDS,
    verify=verify,
    sign=sign,
    identify=identify,
    parse=parse,
    enrich=enrich,
    poll=poll,
    probe=probe,
    find_ticket=find_ticket,
    reply=reply,
    reply_options=frozenset(("private", "close", "status", "assign")),
    find_account=find_account,
    reference_pattern=r"#\d+|[A-Za-z][\w-]*#\d+",
    credential_names=("api_key",),
    options={
        "prefix": _("what stands before #23, to tell several Redmines apart: crm makes it crm#23"),
        "own_login": _("the login of the hub's user: its own notes and small changes are not told"),
        "own_id": _("the same user's number, as in /users/5: Redmine 7 sends no logins"),
        "urgent_priorities": _(
            "the names of the priorities that make a new issue urgent: "
            '["Urgent", "Immediate"] (the default)'
        ),
        "write_as": _(
            "person: what is written from chat stands under the person's own account, "
            "which wants the key of an administrator; otherwise the text names the person"
        ),
        "markup": _(
            "textile: notes are written in Textile, as Redmine's setting Text formatting "
            "says; otherwise in Markdown"
        ),
        "closed_status": _("the status that --close leads to: Closed (the default)"),
        "poll": _("yes: look for changes every minute, for a Redmine that sends no webhooks"),
        "poll_seconds": _("how many seconds lie between two looks (60)"),
    },
)
