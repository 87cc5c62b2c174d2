"""Errors as Mattermost sends them: id, status, and the JSON envelope around them."""

import json

from tests.standins.serving import Response

# Texts are ours: a client must go by status and id, never by the message.
MESSAGES = {
    "api.context.session_expired.app_error": "The session is invalid or has expired.",
    "api.context.permissions.app_error": "The account lacks the permission for this.",
    "api.context.404.app_error": "There is no such address.",
    "api.context.request_body_too_large.app_error": "The body is too large.",
    "api.post.create_post.root_id.app_error": "The root post cannot be replied to.",
    "api.post.create_post.channel_root_id.app_error": "The root post is in another channel.",
    "api.post.create_post.can_not_post_to_deleted.error": "The channel is archived.",
    "api.post.deduplicate_create_post.pending": "The same post is being stored right now.",
    "api.command.disabled.app_error": "Slash commands are switched off on this server.",
    "api.command.execute_command.create_post_failed.app_error": (
        "What the command answered could not be posted."
    ),
    "api.command.execute_command.failed.app_error": "The command got no readable answer in time.",
    "api.command.execute_command.failed_resp.app_error": "The command was refused by its system.",
    "api.command.execute_command.not_found.app_error": "There is no such command.",
    "api.post.do_action.action_id.app_error": "This button leads nowhere.",
    "api.post.do_action.action_integration.app_error": "The system behind the button has failed.",
    "app.channel.get_by_name.missing.app_error": "There is no such channel.",
    "app.channel.get.existing.app_error": "There is no such channel.",
    "app.post.get.app_error": "There is no such post.",
    "app.user.missing_account.const": "There is no such account.",
    "model.post.is_valid.message_length.app_error": "The message is too long.",
}


class ApiError(Exception):
    """A refusal. `name` is the parameter at fault, `detail` what only developers see."""

    def __init__(self, error_id: str, status: int, *, name: str = "", detail: str = "") -> None:
        super().__init__(error_id)
        self.error_id = error_id
        self.status = status
        self.message = MESSAGES.get(error_id, f"Refused: {error_id}.")
        if name:
            self.message = f"Invalid or missing {name} in the request."
        self.detail = detail

    def response(self, request_id: str, *, has_detail: bool) -> Response:
        envelope = {
            "id": self.error_id,
            "message": self.message,
            "detailed_error": self.detail if has_detail else "",
            "request_id": request_id,
            "status_code": self.status,
        }
        return Response(self.status, json.dumps(envelope, separators=(",", ":")).encode())


def invalid_body(name: str) -> ApiError:
    return ApiError("api.context.invalid_body_param.app_error", 400, name=name)


def invalid_url(name: str) -> ApiError:
    return ApiError("api.context.invalid_url_param.app_error", 400, name=name)


def missing_permission(permission: str) -> ApiError:
    return ApiError("api.context.permissions.app_error", 403, detail=f"permission={permission}")
