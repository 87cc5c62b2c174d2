"""Incoming webhooks, access tokens and bot accounts as an administrator handles them."""

from hub.contracts import DeliveryError, JSONObject
from hub.destinations import AccessToken, ChatUser, IncomingHook, ServerView
from integrations.mattermost.connection import answered_object, error_field, reworded, text_of
from integrations.mattermost.deeds import Deed, do, fetch_pages, team_id_of, time_of

HOOKS_SETTING = "EnableIncomingWebhooks"
TOKENS_SETTING = "EnableUserAccessTokens"
BOTS_OFF = "api.bot.create_disabled"
GONE = 404
HOOK = "incoming webhook"
CREATE_HOOK = Deed(f"create an {HOOK}", "manage_own_incoming_webhooks", HOOKS_SETTING)
LIST_HOOKS = Deed(f"list the {HOOK}s", "manage_own_incoming_webhooks", HOOKS_SETTING)
DELETE_HOOK = Deed(f"delete the {HOOK}", "manage_others_incoming_webhooks", HOOKS_SETTING)
CREATE_TOKEN = Deed("create an access token", "create_user_access_token", TOKENS_SETTING)
LIST_TOKENS = Deed("list the access tokens", "read_user_access_token", TOKENS_SETTING)
REVOKE_TOKEN = Deed("revoke the access token", "revoke_user_access_token", TOKENS_SETTING)
CREATE_BOT = Deed("create a bot account (a bot never may)", "create_bot")


def fetch_hooks(server: ServerView) -> tuple[IncomingHook, ...]:
    """Of the team: the account's own, or all for an administrator. Raises DeliveryError."""
    team = {"team_id": team_id_of(server)}
    found = fetch_pages(server, LIST_HOOKS, "/hooks/incoming", team)
    return tuple(_hook(server, one) for one in found)


def create_hook(server: ServerView, channel_id: str, name: str) -> IncomingHook:
    """Locked to its channel: its address is its only secret. Raises DeliveryError."""
    body: JSONObject = {"channel_id": channel_id, "display_name": name, "channel_locked": True}
    return _hook(server, answered_object(do(server, CREATE_HOOK, "POST", "/hooks/incoming", body)))


def delete_hook(server: ServerView, hook_id: str) -> None:
    """One that is gone already is no error. Raises DeliveryError."""
    try:
        do(server, DELETE_HOOK, "DELETE", f"/hooks/incoming/{hook_id}")
    except DeliveryError as error:
        if error.status_code != GONE:
            raise


def fetch_tokens(server: ServerView, user_id: str) -> tuple[AccessToken, ...]:
    """Without their secrets. Raises DeliveryError."""
    found = fetch_pages(server, LIST_TOKENS, _tokens_of(user_id), {})
    return tuple(_token(one) for one in found)


def create_token(server: ServerView, user_id: str, description: str) -> AccessToken:
    """Its secret is in this answer only. Raises DeliveryError."""
    body: JSONObject = {"description": description}
    return _token(answered_object(do(server, CREATE_TOKEN, "POST", _tokens_of(user_id), body)))


def revoke_token(server: ServerView, token_id: str) -> None:
    """One that is gone already is no error. Raises DeliveryError."""
    try:
        do(server, REVOKE_TOKEN, "POST", "/users/tokens/revoke", {"token_id": token_id})
    except DeliveryError as error:
        if error.status_code != GONE:
            raise


def create_bot(server: ServerView, username: str, name: str) -> ChatUser:
    """A bot account without a token. Raises DeliveryError."""
    body: JSONObject = {"username": username, "display_name": name}
    try:
        made = answered_object(do(server, CREATE_BOT, "POST", "/bots", body))
    except DeliveryError as error:
        if error_field(error, "id") != BOTS_OFF:
            raise
        sentence = (
            "EnableBotAccountCreation is off in Mattermost: switch it on under System Console → "
            "Integrations → Bot Accounts"
        )
        raise reworded(error, sentence, permanent=True) from error
    user_id, username = text_of(made, "user_id"), text_of(made, "username")
    return ChatUser(user_id, username, name=text_of(made, "display_name"), is_bot=True)


def _tokens_of(user_id: str) -> str:
    return f"/users/{user_id}/tokens"


def _hook(server: ServerView, hook: JSONObject) -> IncomingHook:
    hook_id = text_of(hook, "id")
    return IncomingHook(
        hook_id=hook_id,
        url=f"{server.base_url}/hooks/{hook_id}",
        channel_id=text_of(hook, "channel_id"),
        name=text_of(hook, "display_name"),
        owner_id=text_of(hook, "user_id"),
        created_at=time_of(hook, "create_at"),
    )


def _token(token: JSONObject) -> AccessToken:
    return AccessToken(
        token_id=text_of(token, "id"),
        user_id=text_of(token, "user_id"),
        description=text_of(token, "description"),
        is_active=token.get("is_active") is not False,
        expires_at=time_of(token, "expires_at"),
        secret=text_of(token, "token"),
    )
