"""Is Zammad there, and does the token still open it?"""

from collections.abc import Mapping

from hub.contracts import DeliveryError, Health, SourceView
from integrations.zammad.client import READ_TIMEOUT_S, fetch_login

NO_ADDRESS = "The source has no address: enter that of Zammad"
NOT_ZAMMAD = "There is no Zammad at this address: correct the address of the source"
NOBODYS_TOKEN = "Zammad does not say whose token it is: is the address that of a Zammad?"  # noqa: S105  # a sentence
# A refused token is a problem and no outage: agents and customers go on working.
REFUSED: Mapping[int | None, str] = {
    401: "Zammad does not know the token: make a new one under Profile › Token Access",
    403: "Zammad refuses the token: switch on Admin › System › API › Token Access, and give the "
    "token the permission ticket.agent",
}


def probe(source: SourceView) -> Health:
    """With a token: whose it is, which wants the database as well. Without: does it answer?"""
    if source.http is None:
        return Health(False, NO_ADDRESS)
    token = source.credentials.get("token", "")
    try:
        if not token:
            source.http.request("GET", "/", read_timeout=READ_TIMEOUT_S)
            return Health(True)
        login = fetch_login(source.http, token)
    except DeliveryError as error:
        if error.status_code in REFUSED:
            return Health(True, REFUSED[error.status_code])
        return Health(False, NOT_ZAMMAD if error.status_code == 404 else str(error))
    return Health(True) if login else Health(False, NOBODYS_TOKEN)
