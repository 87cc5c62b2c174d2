"""A stand-in for Zammad: tickets and users in memory, its API, its webhook about notes."""

from tests.standins.zammad.api import ZammadStandin
from tests.standins.zammad.desk import Desk, RefusedError, User
from tests.standins.zammad.sending import Webhook

__all__ = ["Desk", "RefusedError", "User", "Webhook", "ZammadStandin"]
