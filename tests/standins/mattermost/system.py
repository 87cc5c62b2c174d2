"""What can be asked without an account: is it up, and what may clients know."""

from hub.contracts import JSONObject
from tests.standins.mattermost.call import Call, ok
from tests.standins.serving import Response

LIMITED_SETTINGS = ("Version", "SiteName", "EnableUserAccessTokens", "EnableBotAccountCreation")
OWN_SETTINGS = ("RateLimitPerSec", "RateLimitMaxBurst", "WebSocketAuthTimeout", "WrapHookErrors")


def ping(call: Call) -> Response:
    answer: JSONObject = {
        "status": "OK",
        "ActiveSearchBackend": "database",
        "AndroidLatestVersion": "",
        "IosLatestVersion": "",
    }
    if call.request.query().get("get_server_status") == "true":
        answer |= {"database_status": "OK", "filestore_status": "OK"}
    return ok(answer)


def fetch_client_config(call: Call) -> Response:
    """A flat map of strings; without a session only part of it."""
    names = [name for name in call.state.settings if name not in OWN_SETTINGS]
    if not call.user.id:
        names = list(LIMITED_SETTINGS)
    return ok({name: _as_text(call.state.settings[name]) for name in names})


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
