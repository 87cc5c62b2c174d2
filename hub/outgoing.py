"""What people write in a public channel, as Mattermost's outgoing webhook tells it."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from django.conf import settings

from hub import registry
from hub.contracts import DeliveryError, InboundRequest, PayloadError
from hub.models import OutgoingWebhook
from hub.receiving import Receipt
from hub.thread_notes import accept_thread_reply
from hub.views import server_view

MAX_FIELDS = 100


def accept_outgoing(request: InboundRequest, key: str) -> Receipt:
    """Take a reply in a ticket's thread. The post itself is asked for: which thread it stands in
    is not sent, and its text could be anybody's.

    Mattermost never sends it twice: what is lost here is found by `manage.py listen` alone.
    """
    webhook = OutgoingWebhook.objects.select_related("channel__server").filter(key=key).first()
    if webhook is None:
        return Receipt(404, "no such outgoing webhook")
    try:
        fields = _fields(request)
    except PayloadError as error:
        return Receipt(400, str(error))
    if not webhook.accepts(fields.get("token", ""), request.received_at):
        return Receipt(401, "the token is not that of this outgoing webhook")
    webhook.note_use(request.received_at)
    try:
        return _accept(webhook, fields)
    except DeliveryError as error:
        return Receipt(503, f"the post could not be read: {error}")


def callback_url(webhook: OutgoingWebhook) -> str:
    """What Mattermost is given."""
    return f"{settings.HUB_BASE_URL}/outgoing/{webhook.key}"


def _accept(webhook: OutgoingWebhook, fields: Mapping[str, str]) -> Receipt:
    """Raises DeliveryError."""
    server = webhook.channel.server
    post_id = fields.get("post_id", "")
    if not post_id.isalnum():
        return Receipt(400, "post_id is missing")
    post = registry.destination().conversations.fetch_post(server_view(server), post_id)
    if post is None or post.channel_id != webhook.channel.channel_id:
        return Receipt(200, "no post of this channel")
    username = fields.get("user_name", "") if fields.get("user_id") == post.user_id else ""
    invocation = accept_thread_reply(server, post, username)
    return Receipt(200, "no reply to a ticket" if invocation is None else "stored")


def _fields(request: InboundRequest) -> Mapping[str, str]:
    """Form or JSON, as the webhook is set in Mattermost. Raises PayloadError."""
    if request.content_type == "application/json":
        content = request.json()
        if not isinstance(content, dict):
            raise PayloadError("not an object")
        return {name: value for name, value in content.items() if isinstance(value, str)}
    try:
        return dict(parse_qsl(request.body.decode(), max_num_fields=MAX_FIELDS))
    except ValueError as error:
        raise PayloadError(f"not a form: {error}") from error
