"""One account's calls to a Mattermost API, and a clock for it, for the tests of the stand-in."""

from types import TracebackType
from typing import Any, Self

import requests

from tests.standins.mattermost import MattermostStandin

TIMEOUT_S = 10.0


class Clock:
    """Time that moves only when told."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


class Api:
    """`api.post("/posts", {...})`, answered with the response of `requests`."""

    def __init__(self, standin: MattermostStandin, token: str = "") -> None:
        self._url = f"{standin.url}/api/v4"
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {token or standin.token}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.session.close()

    def get(self, path: str, **query: str) -> requests.Response:
        return self.session.get(self._url + path, params=query, timeout=TIMEOUT_S)

    def post(self, path: str, body: Any = None, *, timeout: float = TIMEOUT_S) -> requests.Response:
        return self.session.post(self._url + path, json=body, timeout=timeout)

    def put(self, path: str, body: Any) -> requests.Response:
        return self.session.put(self._url + path, json=body, timeout=TIMEOUT_S)

    def delete(self, path: str) -> requests.Response:
        return self.session.delete(self._url + path, timeout=TIMEOUT_S)

    def say(self, channel_id: str, message: str, **fields: Any) -> dict[str, Any]:
        """A stored post."""
        response = self.post("/posts", {"channel_id": channel_id, "message": message, **fields})
        assert response.status_code == 201, response.text
        stored: dict[str, Any] = response.json()
        return stored


def refusal(response: requests.Response) -> tuple[int, str]:
    """The status and id of an error."""
    return response.status_code, response.json()["id"]
