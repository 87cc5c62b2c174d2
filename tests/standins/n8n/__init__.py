"""A stand-in for n8n: the parts of its API that the hub asks, and the requests of its workflows."""

from tests.standins.n8n.instance import API_KEY, N8nStandin, Readiness
from tests.standins.n8n.sending import HttpRequestNode
from tests.standins.n8n.traffic import URL, traffic
from tests.standins.n8n.webhooks import Mode, Webhook

__all__ = [
    "API_KEY",
    "URL",
    "HttpRequestNode",
    "Mode",
    "N8nStandin",
    "Readiness",
    "Webhook",
    "traffic",
]
