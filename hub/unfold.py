"""How the admin looks: the UNFOLD setting. What a request decides is in hub.admin.navigation."""

from typing import Any, Final

from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _

UNFOLD: Final[dict[str, Any]] = {
    "SITE_TITLE": _("Hub"),
    "SITE_HEADER": _("Hub"),
    "SITE_SUBHEADER": _("Events to Mattermost"),
    "SITE_SYMBOL": "hub",
    "SITE_URL": None,
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda _request: static("hub/favicon.svg"),
        }
    ],
    "SHOW_HISTORY": True,
    "SHOW_LANGUAGES": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "6px",
    "DASHBOARD_CALLBACK": "hub.admin.dashboard.dashboard_context",
    "STYLES": [
        lambda _request: static("hub/admin.css"),
        lambda _request: static("hub/chat.css"),
    ],
    "SCRIPTS": [lambda _request: static("hub/admin.js")],
    "COMMAND": {
        "search_models": False,
        "search_callback": "hub.admin.navigation.search_references",
    },
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "navigation": "hub.admin.navigation.sidebar",
    },
    "COLORS": {
        "primary": {
            "50": "oklch(97% .014 240)",
            "100": "oklch(93.5% .03 242)",
            "200": "oklch(88% .058 243)",
            "300": "oklch(80% .1 244)",
            "400": "oklch(70.5% .14 247)",
            "500": "oklch(61.5% .16 250)",
            "600": "oklch(53% .165 253)",
            "700": "oklch(46.5% .15 254)",
            "800": "oklch(40% .125 255)",
            "900": "oklch(35% .1 256)",
            "950": "oklch(26% .07 258)",
        },
    },
}
