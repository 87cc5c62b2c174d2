"""Slash commands as an administrator handles them: listed, made, changed, given a new token."""

from hub.contracts import DeliveryError, JSONObject
from hub.destinations import CustomCommand, ServerView
from integrations.mattermost.connection import answered_object, error_field, reworded, text_of
from integrations.mattermost.deeds import Deed, do, fetch_list, team_id_of

SETTING = "EnableCommands"
OWN, OTHERS = "manage_own_slash_commands", "manage_others_slash_commands"
LIST = Deed("list the slash commands", OWN, SETTING)
CREATE = Deed("create a slash command", OWN, SETTING)
CHANGE = Deed("change the slash command", OTHERS, SETTING)
RENEW = Deed("give the slash command a new token", OTHERS, SETTING)
DELETE = Deed("delete the slash command", OTHERS, SETTING)
DUPLICATE = "api.command.duplicate_trigger.app_error"
GONE = 404
MAX_NAME_BYTES, MAX_DESCRIPTION_BYTES = 64, 128  # display_name and description of the command


def fetch_commands(server: ServerView) -> tuple[CustomCommand, ...]:
    """Of the team, as far as the account may manage them. Raises DeliveryError."""
    asked = {"team_id": team_id_of(server), "custom_only": "true"}
    return tuple(_command(one) for one in fetch_list(server, LIST, "/commands", asked))


def create_command(server: ServerView, command: CustomCommand) -> CustomCommand:
    """With the token that Mattermost made for it. Raises DeliveryError."""
    body = _body(command, team_id_of(server))
    try:
        return _command(answered_object(do(server, CREATE, "POST", "/commands", body)))
    except DeliveryError as error:
        if error_field(error, "id") != DUPLICATE:
            raise
        sentence = (
            f"/{command.trigger} is taken: it is built into Mattermost, or somebody else's command "
            "in this team. Delete that one, or choose another word"
        )
        raise reworded(error, sentence, permanent=True) from error


def update_command(server: ServerView, command: CustomCommand) -> CustomCommand:
    """Everything but the token is replaced. Raises DeliveryError."""
    body = {**_body(command, team_id_of(server)), "id": command.command_id}
    path = f"/commands/{command.command_id}"
    return _command(answered_object(do(server, CHANGE, "PUT", path, body)))


def renew_command_token(server: ServerView, command_id: str) -> str:
    """Raises DeliveryError. The old token is dead as soon as Mattermost has answered."""
    answer = do(server, RENEW, "PUT", f"/commands/{command_id}/regen_token")
    return text_of(answered_object(answer), "token")


def delete_command(server: ServerView, command_id: str) -> None:
    """One that is gone already is no error. Raises DeliveryError."""
    try:
        do(server, DELETE, "DELETE", f"/commands/{command_id}")
    except DeliveryError as error:
        if error.status_code != GONE:
            raise


def _body(command: CustomCommand, team_id: str) -> JSONObject:
    return {
        "team_id": team_id,
        "trigger": command.trigger,
        "url": command.url,
        "method": command.method,
        "display_name": _cut(command.name, MAX_NAME_BYTES),
        "description": _cut(command.description, MAX_DESCRIPTION_BYTES),
        "auto_complete": True,
        "auto_complete_desc": command.description,
        "auto_complete_hint": command.hint,
    }


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore")


def _command(command: JSONObject) -> CustomCommand:
    return CustomCommand(
        trigger=text_of(command, "trigger"),
        url=text_of(command, "url"),
        command_id=text_of(command, "id"),
        token=text_of(command, "token"),
        method=text_of(command, "method"),
        name=text_of(command, "display_name"),
        description=text_of(command, "auto_complete_desc"),
        hint=text_of(command, "auto_complete_hint"),
    )
