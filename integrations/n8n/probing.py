"""Is n8n ready to run workflows, and does the key still open its API?"""

from hub.contracts import DeliveryError, Health, SourceView
from integrations.n8n.client import HEALTH_PATH, check_key, fetch_readiness, has_key

NO_ADDRESS = "The source has no address: enter that of n8n"
NOT_N8N = "What answers at this address is not n8n, or it is still starting: try again in a minute"
NOT_READY = "n8n runs, but its database does not answer: look at its log"
NOT_READY_WORDS = ('"status":"error"', "Database is not ready")  # a proxy answers 503 as well
NOT_FOUND, REDIRECT = 404, 300
NO_HEALTH_CHECK = (
    "n8n tells its health elsewhere: enter the value of N8N_ENDPOINT_HEALTH as option health_path"
)


def probe(source: SourceView) -> Health:
    """A refused key is a problem and no outage: workflows run without it."""
    if source.http is None:
        return Health(False, NO_ADDRESS)
    path = str(source.options.get("health_path") or HEALTH_PATH)
    try:
        said = fetch_readiness(source.http, path)
    except DeliveryError as error:
        return Health(False, _sentence(error))
    # A 200 is no proof: while n8n starts, it answers so with a text for people.
    if not isinstance(said, dict) or said.get("status") != "ok":
        return Health(False, NOT_N8N)
    return Health(True, _key_problem(source))


def _sentence(error: DeliveryError) -> str:
    if any(words in error.response_excerpt for words in NOT_READY_WORDS):
        return NOT_READY
    if error.status_code is not None and error.status_code < REDIRECT:
        return NOT_N8N
    return NO_HEALTH_CHECK if error.status_code == NOT_FOUND else str(error)


def _key_problem(source: SourceView) -> str:
    if not has_key(source):
        return ""
    try:
        check_key(source)
    except DeliveryError as error:
        return str(error)
    return ""
