"""What a Mattermost server keeps about the calls that it makes itself, and their answers."""

from dataclasses import dataclass, field

from hub.contracts import JSONObject, JSONValue
from tests.standins.mattermost.records import Post

EXACT_WORD, WORD_START = 0, 1  # trigger_when: how the first word of a post is compared


@dataclass(slots=True)
class Command:
    id: str
    token: str
    created_at: int
    creator_id: str
    team_id: str
    trigger: str
    url: str
    method: str = "P"
    username: str = ""
    icon_url: str = ""
    auto_complete: bool = False
    auto_complete_desc: str = ""
    auto_complete_hint: str = ""
    display_name: str = ""
    description: str = ""
    updated_at: int = 0

    def as_json(self, *, has_secret: bool = True) -> JSONObject:
        """Without its secrets it is what everybody sees who types a slash."""
        return {
            "id": self.id,
            "token": self.token if has_secret else "",
            "create_at": self.created_at,
            "update_at": self.updated_at or self.created_at,
            "delete_at": 0,
            "creator_id": self.creator_id if has_secret else "",
            "team_id": self.team_id,
            "trigger": self.trigger,
            "method": self.method if has_secret else "",
            "username": self.username if has_secret else "",
            "icon_url": self.icon_url if has_secret else "",
            "auto_complete": self.auto_complete,
            "auto_complete_desc": self.auto_complete_desc,
            "auto_complete_hint": self.auto_complete_hint,
            "display_name": self.display_name,
            "description": self.description,
            "url": self.url if has_secret else "",
            "plugin_id": "",
        }


@dataclass(slots=True)
class ResponseUrl:
    """An address that takes later answers to one command; whoever knows it may use it."""

    id: str
    created_at: int
    command_id: str
    user_id: str
    channel_id: str
    root_id: str
    use_count: int = 0


@dataclass(slots=True)
class OutgoingHook:
    id: str
    token: str
    created_at: int
    creator_id: str
    team_id: str
    channel_id: str  # empty: every public channel of the team
    trigger_words: list[str]
    trigger_when: int
    callback_urls: list[str]
    display_name: str = ""
    description: str = ""
    content_type: str = ""
    username: str = ""
    icon_url: str = ""
    updated_at: int = 0

    def as_json(self) -> JSONObject:
        return {
            "id": self.id,
            "token": self.token,
            "create_at": self.created_at,
            "update_at": self.updated_at or self.created_at,
            "delete_at": 0,
            "creator_id": self.creator_id,
            "channel_id": self.channel_id,
            "team_id": self.team_id,
            "trigger_words": list(self.trigger_words),
            "trigger_when": self.trigger_when,
            "callback_urls": list(self.callback_urls),
            "display_name": self.display_name,
            "description": self.description,
            "content_type": self.content_type,
            "username": self.username,
            "icon_url": self.icon_url,
        }


@dataclass(slots=True)
class Ephemeral:
    """A post that one person sees until the page is loaded anew; it is never stored."""

    user_id: str
    post: Post

    def as_json(self) -> JSONObject:
        attachments = self.post.props.get("attachments")
        return {
            "id": self.post.id,
            "user_id": self.user_id,
            "channel_id": self.post.channel_id,
            "root_id": self.post.root_id,
            "message": self.post.message,
            "attachments": attachments if isinstance(attachments, list) else [],
            "props": self.post.props,
        }


@dataclass(slots=True)
class AnswerToCall:
    """What an integration answers to a command, at once or later, or to a post."""

    response_type: str = ""
    text: str = ""
    username: str = ""
    channel_id: str = ""
    icon_url: str = ""
    type: str = ""
    props: JSONObject = field(default_factory=dict)
    goto_location: str = ""
    skip_slack_parsing: bool = False
    attachments: list[JSONObject] | None = None
    priority: JSONObject | None = None
    extra: "list[AnswerToCall]" = field(default_factory=list)

    def as_json(self, trigger_id: str) -> JSONObject:
        """For the client of the person who typed the command."""
        attachments: JSONValue = None if self.attachments is None else list(self.attachments)
        return {
            "response_type": self.response_type,
            "text": self.text,
            "username": self.username,
            "channel_id": self.channel_id,
            "icon_url": self.icon_url,
            "type": self.type,
            "props": self.props,
            "goto_location": self.goto_location,
            "trigger_id": trigger_id,
            "skip_slack_parsing": self.skip_slack_parsing,
            "attachments": attachments,
            "extra_responses": [one.as_json(trigger_id) for one in self.extra] or None,
        }
