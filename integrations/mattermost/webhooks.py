"""Posts through an incoming webhook: name and icon of their own, but no threads and no look."""

from hub.contracts import UNSTORABLE, DeliveryError, JSONObject
from hub.destinations import Posted, Posting, ServerView
from integrations.mattermost.connection import reworded

SUCCESS = b"ok"
DISABLED = 501
MAY_BE_DOUBLE = "sent again: a webhook cannot tell whether the first attempt arrived"
# By status, as the ids differ between versions; the message may hold the hook's secret id.
SENTENCES = {
    400: "Mattermost does not accept the message, or the incoming webhook was deleted: check it "
    "under Integrations → Incoming Webhooks",
    403: "The incoming webhook may not post there: it is locked to another channel, or its owner "
    "is not a member",
    404: "The channel of the incoming webhook does not exist, or is archived",
    413: "The message is larger than Mattermost accepts (MaximumPayloadSizeBytes)",
    DISABLED: "Incoming webhooks are switched off in Mattermost (EnableIncomingWebhooks)",
}


def post_by_webhook(server: ServerView, posting: Posting) -> Posted:
    """No post id comes back. A repeat after an unknown fate may double. Raises DeliveryError."""
    try:
        answer = server.http.request("POST", posting.channel.webhook_url, json=_payload(posting))
    except DeliveryError as error:
        raise _explained(error) from error
    if answer.body.strip() != SUCCESS:
        raise DeliveryError(
            "The address answers, but not as an incoming webhook does: check the address",
            status_code=answer.status_code,
            response_excerpt=UNSTORABLE.sub("�", answer.body[:500].decode(errors="replace")),
            is_fate_unknown=True,
        )
    note = MAY_BE_DOUBLE if posting.look_since is not None else ""
    return Posted(status_code=answer.status_code, response_excerpt=SUCCESS.decode(), note=note)


def _payload(posting: Posting) -> JSONObject:
    message, channel = posting.message, posting.channel
    if channel.kind == "group":
        raise DeliveryError("An incoming webhook cannot post to a group message", permanent=True)
    props: JSONObject = {**message.props, "hub_key": posting.key}
    if message.card:
        props["card"] = message.card
    payload: JSONObject = {
        "channel": channel.name,
        "text": message.text,
        "attachments": list(message.attachments),
        "username": message.username,
        "icon_url": message.icon_url,
        "icon_emoji": message.icon_emoji,
        "props": props,
    }
    if message.priority:
        payload["priority"] = {"priority": message.priority}
    return {name: value for name, value in payload.items() if value}


def _explained(error: DeliveryError) -> DeliveryError:
    sentence = SENTENCES.get(error.status_code or 0)
    if sentence is None:
        return error
    # Switched off concerns this way of posting alone: the server as a whole is not down.
    permanent = error.permanent or error.status_code == DISABLED
    return reworded(error, sentence, permanent=permanent)
