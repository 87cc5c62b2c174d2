"""n8n: messages and approval requests of its workflows, and those that failed."""

from pathlib import Path

from hub.contracts import Integration
from hub.contracts import gettext_noop as _
from integrations.n8n.events import identify, parse, sign, verify
from integrations.n8n.kinds import KINDS
from integrations.n8n.messages import compose
from integrations.n8n.polling import poll
from integrations.n8n.probing import probe

INTEGRATION = Integration(
    name="n8n",
    label="n8n",
    folder=Path(__file__).parent,
    kinds=KINDS,
    verify=verify,
    sign=sign,
    identify=identify,
    parse=parse,
    compose=compose,
    poll=poll,
    probe=probe,
    credential_names=(
        *("api_key", "webhook_header_name", "webhook_header_value", "webhook_jwt_secret"),
    ),
    options={
        "poll": _("true: look every minute for failed executions that no error workflow has told"),
        "poll_seconds": _("how many seconds lie between two looks (60)"),
        "health_path": _("where n8n tells its health, if N8N_ENDPOINT_HEALTH is set (/healthz)"),
    },
)
