"""The actions of attachments: ids are made when missing, integrations are never shown."""

from collections.abc import Iterator

from hub.contracts import JSONObject, JSONValue
from tests.standins.mattermost.state import new_id


def attachments_of(props: JSONObject) -> list[JSONObject]:
    """The attachments that are objects; anything else is not shown by a client either."""
    attachments = props.get("attachments")
    if not isinstance(attachments, list):
        return []
    return [one for one in attachments if isinstance(one, dict)]


def actions_of(attachment: JSONObject) -> list[JSONObject]:
    actions = attachment.get("actions")
    return [one for one in actions if isinstance(one, dict)] if isinstance(actions, list) else []


def name_actions(props: JSONObject) -> None:
    """Give every action without an id one, as Mattermost does before storing."""
    for action in _all_actions(props):
        if not action.get("id"):
            action["id"] = new_id()


def find_action(props: JSONObject, action_id: str) -> JSONObject | None:
    return next((one for one in _all_actions(props) if one.get("id") == action_id), None)


def without_integrations(props: JSONObject) -> JSONObject:
    """A copy for clients; the same object when there is nothing to hide."""
    if not any("integration" in action for action in _all_actions(props)):
        return props
    shown: list[JSONValue] = [_bare_attachment(one) for one in attachments_of(props)]
    return {**props, "attachments": shown}


def _all_actions(props: JSONObject) -> Iterator[JSONObject]:
    for attachment in attachments_of(props):
        yield from actions_of(attachment)


def _bare_attachment(attachment: JSONObject) -> JSONObject:
    bare: list[JSONValue] = [
        {key: value for key, value in action.items() if key != "integration"}
        for action in actions_of(attachment)
    ]
    return {**attachment, "actions": bare} if bare else attachment
