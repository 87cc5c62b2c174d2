"""The calls made to n8n's public API (version 1) and to its health check."""

from collections.abc import Mapping

from hub.contracts import DeliveryError, Http, JSONObject, JSONValue, SourceView

KEY = "api_key"
KEY_HEADER = "X-N8N-API-KEY"
HEALTH_PATH = "/healthz"
PAGE_ROWS = 100
LIST_TIMEOUT_S = 20.0  # nobody waits for a poll
LOOK_UP_TIMEOUT_S = 3.0
REFUSED = 401
KEY_REFUSED = "n8n refuses the API key: make a new one under Settings › n8n API"


def has_key(source: SourceView) -> bool:
    """Can the API be asked at all?"""
    return source.http is not None and bool(source.credentials.get(KEY))


def fetch_failures(source: SourceView, cursor: str = "") -> tuple[list[JSONObject], str]:
    """Executions that failed or crashed, the newest first, and where the next page begins.

    Raises DeliveryError.
    """
    params = {"status": "error", "limit": str(PAGE_ROWS), "includeData": "false"}
    if cursor:
        params["cursor"] = cursor
    page = _get(source, "/api/v1/executions", params, read_timeout=LIST_TIMEOUT_S)
    rows, following = page.get("data"), page.get("nextCursor")
    if not isinstance(rows, list):
        raise DeliveryError("n8n's answer to GET /api/v1/executions holds no list")
    return [one for one in rows if isinstance(one, dict)], str(following or "")


def check_key(source: SourceView) -> None:
    """Raises DeliveryError when the key does not open the list of executions."""
    _get(source, "/api/v1/executions", {"limit": "1"}, read_timeout=LOOK_UP_TIMEOUT_S)


def fetch_execution(source: SourceView, execution_id: str) -> JSONObject:
    """One execution with the data of its run. Raises DeliveryError."""
    path = f"/api/v1/executions/{execution_id}"
    return _get(source, path, {"includeData": "true"}, read_timeout=LOOK_UP_TIMEOUT_S)


def fetch_workflow(source: SourceView, workflow_id: str) -> JSONObject:
    """Raises DeliveryError."""
    return _get(source, f"/api/v1/workflows/{workflow_id}", {}, read_timeout=LOOK_UP_TIMEOUT_S)


def fetch_readiness(http: Http, health_path: str) -> JSONValue:
    """What n8n says of itself, without a key. Raises DeliveryError."""
    path = f"/{health_path.strip('/')}/readiness"
    return http.request("GET", path, read_timeout=LOOK_UP_TIMEOUT_S).json()


def _get(
    source: SourceView, path: str, params: Mapping[str, str], *, read_timeout: float
) -> JSONObject:
    if source.http is None:
        raise DeliveryError("The source has no address", permanent=True)
    headers = {KEY_HEADER: source.credentials.get(KEY, "")}
    try:
        answer = source.http.request(
            "GET", path, headers=headers, params=params, read_timeout=read_timeout
        )
    except DeliveryError as error:
        if error.status_code != REFUSED:
            raise
        raise DeliveryError(KEY_REFUSED, permanent=True, status_code=REFUSED) from error
    content = answer.json()
    if not isinstance(content, dict):
        raise DeliveryError(f"n8n's answer to GET {path} is not an object")
    return content
