"""Webhooks as they leave Redmine 7 and the plugin: once, and whatever is answered."""

import hmac
import json
from dataclasses import dataclass
from typing import Any

import requests

from tests.standins.outgoing import OutgoingRequest
from tests.standins.redmine.site import Change, Issue, Site
from tests.standins.redmine.writing import native_body, plugin_body

TIMEOUT_S = 60.0  # of Redmine 7, for each of opening, writing and reading


@dataclass(frozen=True)
class NativeWebhook:
    """Redmine 7.0. There is no second try: `send` says what was answered, 0 for no answer."""

    secret: str = ""
    url: str = ""

    def created(self, site: Site, issue: Issue) -> OutgoingRequest:
        return self.build(native_body(site, "issue.created", issue, None))

    def updated(self, site: Site, change: Change) -> list[OutgoingRequest]:
        """One for every journal."""
        return [
            self.build(native_body(site, "issue.updated", change.issue, journal))
            for journal in change.journals
        ]

    def deleted(self, site: Site, issue: Issue) -> OutgoingRequest:
        """With the last state of the issue."""
        return self.build(native_body(site, "issue.deleted", issue, None))

    def build(self, content: Any) -> OutgoingRequest:
        body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {
            "Accept": "*/*",
            "User-Agent": "Redmine",
            "Content-Type": "application/json",
        }
        if self.secret:
            signature = hmac.new(self.secret.encode(), body, "sha256").hexdigest()
            headers["X-Redmine-Signature-256"] = f"sha256={signature}"
        return OutgoingRequest(body, headers)

    def send(self, request: OutgoingRequest) -> int:
        return _post(self.url, request)


@dataclass(frozen=True)
class PluginWebhook:
    """redmine_webhook 0.0.5 on 5.0.4: unsigned, once, and the answer is not looked at."""

    redmine_url: str = "http://redmine.example.test"
    url: str = ""

    def opened(self, site: Site, issue: Issue) -> OutgoingRequest:
        return self._build(plugin_body(site, "opened", issue, None, self.redmine_url))

    def updated(self, site: Site, change: Change) -> OutgoingRequest:
        """The journal that the update began with: of a private note with changes only the note."""
        content = plugin_body(site, "updated", change.issue, change.sent, self.redmine_url)
        return self._build(content)

    def send(self, request: OutgoingRequest) -> int:
        return _post(self.url, request)

    def _build(self, content: Any) -> OutgoingRequest:
        body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {"User-Agent": "Faraday v1.1.0", "Content-Type": "application/json"}
        return OutgoingRequest(body, headers)


def _post(url: str, request: OutgoingRequest) -> int:
    try:
        response = requests.post(
            url,
            data=request.body,
            headers=request.headers,
            timeout=TIMEOUT_S,
            allow_redirects=False,
        )
    except requests.RequestException:
        return 0
    return response.status_code
