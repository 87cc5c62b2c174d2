"""ERPNext: deals, invoices, projects and their tasks."""

from pathlib import Path

from hub.contracts import Integration, OptionTable
from hub.contracts import gettext_noop as _
from integrations.erpnext.events import identify, parse, sign, verify
from integrations.erpnext.finding import find_account, find_ticket
from integrations.erpnext.kinds import EVENT_HEADER, KINDS, PREFIXES
from integrations.erpnext.polling import poll
from integrations.erpnext.probing import probe
from integrations.erpnext.recipes import RECIPES
from integrations.erpnext.remembering import enrich
from integrations.erpnext.writing import reply

INTEGRATION = Integration(
    name="erpnext",
    label="ERPNext",
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
    reply_options=frozenset(("close", "status", "assign")),
    find_account=find_account,
    reference_pattern=r"[A-Z][A-Z0-9/-]*-\d{2,}(?:-\d+)*",
    credential_names=("api_key", "api_secret"),
    options={
        "zone": _("the site's time zone, as in its System Settings: Europe/Amsterdam (else UTC)"),
        "desk": _("where the desk lies: app (the default), or desk from v16 on"),
        "prefixes": _(
            "beginnings of document names and their DocType, beside the usual ones: "
            '{"F-": "Sales Invoice"}'
        ),
        "fields": _(
            "keys of your own field tables and the ERPNext field each stands for: "
            '{"klantnaam": "customer_name"}'
        ),
        "own_login": _("the e-mail address of the hub's user: its comments are not told about"),
        "write_as": _(
            "person: comments from chat carry the person's own address; the text names the "
            "person in any case"
        ),
        "poll": _(
            'what the hub looks for every hour: ["invoices"] (the default), '
            '["invoices", "projects"], or [] for nothing'
        ),
        "poll_minutes": _("how many minutes lie between two looks (60)"),
    },
    option_tables={
        "prefixes": OptionTable(("document names begin with", "DocType"), PREFIXES),
        "fields": OptionTable(("key of your field table", "field of ERPNext")),
    },
    recipes=RECIPES,
    kept_headers=(EVENT_HEADER,),
)
