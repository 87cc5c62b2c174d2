"""A stand-in for ERPNext: the calls of its API that the hub makes, and its webhooks."""

from tests.standins.erpnext.samples import traffic
from tests.standins.erpnext.sender import LADDER_2026, Webhook
from tests.standins.erpnext.site import API_KEY, API_SECRET, HUB_USER, ErpNextStandin

__all__ = [
    "API_KEY",
    "API_SECRET",
    "HUB_USER",
    "LADDER_2026",
    "ErpNextStandin",
    "Webhook",
    "traffic",
]
