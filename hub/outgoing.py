"""What people write in a public channel, as Mattermost's outgoing webhook tells it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

from django.conf import settings

from hub import registry
from hub.contracts import DeliveryError, InboundRequest, PayloadError
from hub.models import OutgoingWebhook
from hub.receiving import Receipt
from hub.secrets import hash_token
from hub.signatures import is_equal
from hub.thread_notes import accept_thread_reply
from hub.views import server_view

MAX_FIELDS = 100
USE_NOTED_EVERY = timedelta(minutes=1)
OVERLAP = timedelta(hours=1)  # requests under way carry the old token


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
    if not _is_proven(webhook, fields.get("token", ""), request.received_at):
        return Receipt(401, "the token is not that of this outgoing webhook")
    _note_use(webhook, request.received_at)
    try:
        return _accept(webhook, fields)
    except DeliveryError as error:
        return Receipt(503, f"the post could not be read: {error}")


def set_token(webhook: OutgoingWebhook, token: str, now: datetime) -> None:
    """The one that Mattermost shows. The one before it is valid a while longer."""
    if webhook.token_sha256:
        webhook.previous_sha256, webhook.previous_until = webhook.token_sha256, now + OVERLAP
    webhook.token_sha256, webhook.token_set_at = hash_token(token), now
    webhook.save()


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


def _is_proven(webhook: OutgoingWebhook, token: str, now: datetime) -> bool:
    """Hashes are compared, in constant time."""
    given = hash_token(token)
    return bool(token) and any([is_equal(given, one) for one in webhook.hashes(now)])  # noqa: C419  # no short cut


def _note_use(webhook: OutgoingWebhook, now: datetime) -> None:
    used_at = webhook.last_used_at
    if used_at is None or now - used_at > USE_NOTED_EVERY:
        OutgoingWebhook.objects.filter(pk=webhook.pk).update(last_used_at=now)
