"""What the tests of buttons share: an approval of a workflow, posted, and presses as Mattermost
tells them."""

import json
from dataclasses import dataclass
from typing import Any

from django.test import Client

from hub.models import Channel, Source
from tests.factories import make_channel, make_rule, make_server, make_source, make_token
from tests.pumping import Pump
from tests.standins.mattermost import MattermostStandin
from tests.standins.n8n import N8nStandin

Action = dict[str, Any]


@dataclass
class Stage:
    """An n8n whose approval requests go to ~finance."""

    mattermost: MattermostStandin
    n8n: N8nStandin
    client: Client
    pump: Pump
    channel: Channel
    source: Source
    hook: str

    def ask(self, **fields: Any) -> Action:
        """Send an approval request with two buttons; its post."""
        body = {
            "title": "Factuur 118",
            "text": "Goedkeuren?",
            "actions": [
                {"id": "approve", "name": "Approve", "style": "good"},
                {"id": "reject", "name": "Reject", "style": "danger"},
            ],
            "context": {"invoice": "118", "resume_url": f"{self.n8n.url}/webhook/approve"},
        } | fields
        response = self.client.post(self.hook, json.dumps(body), content_type="application/json")
        assert response.status_code == 202
        self.pump.run()
        return self.posts()[-1]

    def posts(self) -> list[Action]:
        return self.mattermost.posts(channel="finance")

    def press(self, action: Action, post_id: str = "", **fields: str) -> dict[str, Any]:
        """As Mattermost tells it; the answer."""
        return press(self.client, self.press_body(action, post_id, **fields))

    def press_body(self, action: Action, post_id: str = "", **fields: str) -> dict[str, Any]:
        username = fields.pop("username", "anja")
        return {
            "user_id": self.mattermost.user_id(username),
            "user_name": username,
            "channel_id": self.mattermost.channel_id("finance"),
            "channel_name": "finance",
            "team_id": "t" * 26,
            "team_domain": "demo",
            "post_id": post_id or self.posts()[-1]["id"],
            "trigger_id": "dHJpZ2dlcg==",
            "type": "button",
            "data_source": "",
            "context": action["integration"]["context"],
        } | fields


def make_stage(
    mattermost: MattermostStandin, n8n: N8nStandin, client: Client, pump: Pump, **rule: Any
) -> Stage:
    server = make_server(base_url=mattermost.url, bot_token=mattermost.token)
    channel = make_channel("finance", server, zone="UTC")
    source = make_source("n8n", "n8n", base_url=n8n.url)
    make_rule(channel, name="approvals", integration="n8n", **rule)
    _row, token = make_token(source)
    return Stage(mattermost, n8n, client, pump, channel, source, f"/hooks/{token}")


def press(client: Client, body: dict[str, Any]) -> dict[str, Any]:
    response = client.post("/actions/press", json.dumps(body), content_type="application/json")
    assert response.status_code == 200, response.content
    return response.json()  # type: ignore[no-any-return]  # an object


def actions_of(post: Action) -> list[Action]:
    return [
        action
        for attachment in post["props"].get("attachments", [])
        for action in attachment.get("actions", [])
    ]


def texts_of(props: dict[str, Any]) -> str:
    return "\n".join(str(one.get("text")) for one in props.get("attachments", []))
