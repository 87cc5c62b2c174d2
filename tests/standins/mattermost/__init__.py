"""A Mattermost to try the hub against: the API, the hooks, faults to order, and a page."""

from tests.standins.mattermost.standin import MattermostStandin

__all__ = ["MattermostStandin"]
