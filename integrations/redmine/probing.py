"""Is Redmine there, and does the key still open it?"""

from collections.abc import Mapping

from hub.contracts import DeliveryError, Health, SourceView
from integrations.redmine.client import fetch_login

NO_ADDRESS = "The source has no address or no api_key: enter both"
NOBODYS_KEY = "Redmine does not say whose key it is: is the address that of a Redmine?"
# A refused key is a problem and no outage: people go on working in Redmine.
REFUSED: Mapping[int | None, str] = {
    401: "Redmine does not know the key: copy it anew from My account › API access key",
    403: "Redmine's REST interface is off: switch it on under Administration › Settings › API",
    412: "The user of the key is locked in Redmine",
}
NOT_REDMINE = "There is no Redmine at this address: correct the address of the source"


def probe(source: SourceView) -> Health:
    """Asks whose key it is, which wants the database and the key. Redmine hides its version."""
    if source.http is None:
        return Health(False, NO_ADDRESS)
    try:
        login = fetch_login(source)
    except DeliveryError as error:
        if error.status_code in REFUSED:
            return Health(True, REFUSED[error.status_code])
        return Health(False, NOT_REDMINE if error.status_code == 404 else str(error))
    return Health(True) if login else Health(False, NOBODYS_KEY)
