"""Is ERPNext there, and does the key still open it?"""

from hub.contracts import DeliveryError, Health, SourceView
from integrations.erpnext.client import fetch_user, has_credentials, ping
from integrations.erpnext.reading import find_zone

GUEST = "Guest"
REFUSED = frozenset({401, 403})  # a problem and no outage: people go on working in ERPNext
NO_ADDRESS = "The source has no address: enter that of the ERPNext site"
HALF_A_KEY = "Only one of the credentials api_key and api_secret is there: enter both"
KEY_OF_NOBODY = "ERPNext takes the key for nobody's: generate a new one under User › API Access"


def probe(source: SourceView) -> Health:
    """With a key: whose it is. Without one: the site's answer to a ping."""
    if source.http is None:
        return Health(False, NO_ADDRESS)
    names = [name for name in ("api_key", "api_secret") if source.credentials.get(name)]
    if len(names) == 1:
        return Health(False, HALF_A_KEY)
    try:
        if not has_credentials(source):
            ping(source.http)
        elif fetch_user(source) in ("", GUEST, "None"):
            return Health(True, KEY_OF_NOBODY)
    except DeliveryError as error:
        return Health(error.status_code in REFUSED, str(error))
    return Health(True, _zone_problem(source))


def _zone_problem(source: SourceView) -> str:
    zone = str(source.options.get("zone") or "")
    if not zone or find_zone(zone) is not None:
        return ""
    return f"The option zone is “{zone[:60]}”, which is no time zone: write it as Europe/Amsterdam"
