"""Users and teams."""

from hub.contracts import JSONObject
from tests.standins.mattermost.call import STATUS_OK, Call, ok
from tests.standins.mattermost.decoding import flag_of, text_of
from tests.standins.mattermost.errors import ApiError, invalid_body, missing_permission
from tests.standins.mattermost.records import PUBLIC, Team, User
from tests.standins.mattermost.state import new_id
from tests.standins.serving import Response

DEFAULT_SEARCH_LIMIT = 100


def fetch_user(call: Call) -> Response:
    return ok(call.existing_user(call.id("user_id")).as_json())


def fetch_user_by_username(call: Call) -> Response:
    return _found(call.state.user_named(call.ids["username"]))


def fetch_user_by_email(call: Call) -> Response:
    email = call.ids["email"].lower()
    users = call.state.users.values()
    return _found(next((user for user in users if user.email == email), None))


def fetch_users_by_ids(call: Call) -> Response:
    users = call.state.users
    return ok([users[one].as_json() for one in call.json_strings("user_ids") if one in users])


def fetch_users_by_usernames(call: Call) -> Response:
    named = [call.state.user_named(one) for one in call.json_strings("usernames")]
    return ok([user.as_json() for user in named if user is not None])


def search_users(call: Call) -> Response:
    wish = call.json_object("user_search")
    try:
        term = text_of(wish, "term").lower().removeprefix("@")
        limit = wish.get("limit")
        count = limit if isinstance(limit, int) and limit > 0 else DEFAULT_SEARCH_LIMIT
        wanted = [user for user in call.state.users.values() if _is_wanted(call, user, wish, term)]
    except ValueError as error:
        raise invalid_body("user_search") from error
    if not term:
        raise invalid_body("term")
    return ok([user.as_json() for user in wanted[:count]])


def fetch_user_teams(call: Call) -> Response:
    user_id = call.id("user_id")
    return ok([team.as_json() for team in call.state.teams.values() if user_id in team.member_ids])


def fetch_teams(call: Call) -> Response:
    return ok([team.as_json() for team in list(call.state.teams.values())[call.page()]])


def fetch_team(call: Call) -> Response:
    return _readable_team(call, call.state.teams.get(call.id("team_id")))


def fetch_team_by_name(call: Call) -> Response:
    return _readable_team(call, call.state.team_named(call.ids["team_name"]))


def create_team(call: Call) -> Response:
    wish = call.json_object("team")
    call.require_admin_or("create_team")
    try:
        name, display_name = text_of(wish, "name"), text_of(wish, "display_name")
        kind = text_of(wish, "type", PUBLIC)
    except ValueError as error:
        raise invalid_body("team") from error
    if call.state.team_named(name) is not None:
        raise ApiError("app.team.save.existing.app_error", 400)
    team = Team(new_id(), name, display_name, call.state.now_ms(), kind, {call.user.id})
    call.state.teams[team.id] = team
    return ok(team.as_json(), 201)


def add_team_member(call: Call) -> Response:
    call.require_admin_or("add_user_to_team")
    team = call.state.teams.get(call.id("team_id"))
    if team is None:
        raise ApiError("app.team.get.find.app_error", 404)
    try:
        user = call.existing_user(text_of(call.json_object("team_member"), "user_id"))
    except ValueError as error:
        raise invalid_body("user_id") from error
    team.member_ids.add(user.id)
    return ok(_team_member(team, user), 201)


def set_custom_status(call: Call) -> Response:
    """Accepted and forgotten: nothing reads it."""
    if call.id("user_id") != call.user.id:
        raise missing_permission("edit_other_users")
    return ok(STATUS_OK)


def _team_member(team: Team, user: User) -> JSONObject:
    role = "team_guest" if user.is_guest else "team_user"
    return {"team_id": team.id, "user_id": user.id, "roles": role, "delete_at": 0}


def _found(user: User | None) -> Response:
    if user is None:
        raise ApiError("app.user.missing_account.const", 404)
    return ok(user.as_json())


def _readable_team(call: Call, team: Team | None) -> Response:
    if team is None:
        raise ApiError("app.team.get.find.app_error", 404)
    if call.user.id not in team.member_ids and not call.user.is_admin and team.type != PUBLIC:
        raise missing_permission("view_team")
    return ok(team.as_json())


def _is_wanted(call: Call, user: User, wish: JSONObject, term: str) -> bool:
    """Whether a search finds this user. Raises ValueError for a filter of the wrong type."""
    names = (user.username, user.first_name, user.last_name, user.display_name, user.email)
    if not any(name.lower().startswith(term) for name in names):
        return False
    if user.deleted_at and not flag_of(wish, "allow_inactive"):
        return False
    team = call.state.teams.get(text_of(wish, "team_id"))
    channel = call.state.channels.get(text_of(wish, "in_channel_id"))
    left_out = call.state.channels.get(text_of(wish, "not_in_channel_id"))
    return (
        (team is None or user.id in team.member_ids)
        and (channel is None or user.id in channel.members)
        and (left_out is None or user.id not in left_out.members)
    )
