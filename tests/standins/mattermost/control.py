"""The control API under /_standin/: for tests in other processes, the benchmark and the demo.

Arguments come as JSON or in the query; answers are JSON, 400 says what is wrong.

    POST reset                                    everything as just started
    GET posts [?channel=support]                  live posts in the order they were stored
    GET reactions                                 to live posts
    DELETE posts?id=…                             a post vanishes, a root with its replies
    GET counters                                  requests by route and status, faults, posts
    POST faults {"kind": "status", "status": 503, "retry_after": 7, "count": 3, "path": "/posts$"}
    DELETE faults                                 none is due any more
    POST offline {"offline": true}                connections are taken and closed unanswered
    POST sockets {"drop": true}                   every WebSocket breaks
    POST settings {"EnableDeveloper": true}       settings of the system console
    POST members, kick {"channel", "username": "hub"}   who is in a channel
    POST archive {"channel", "archived": true}
    POST grant, withdraw {"username", "permission"}
    POST hook {"channel"}                         the path of an incoming webhook
"""

from collections.abc import Callable
from typing import TypeAlias

from hub.contracts import JSONObject, JSONValue
from tests.standins.mattermost import backstage
from tests.standins.mattermost.application import Application
from tests.standins.mattermost.call import STATUS_OK, ok
from tests.standins.mattermost.decoding import as_object, decode, flag_of, text_of
from tests.standins.mattermost.faults import fault_from
from tests.standins.mattermost.seed import BOT_USERNAME as BOT
from tests.standins.serving import Request, Response

PREFIX = "/_standin/"
Operation: TypeAlias = Callable[[Application, JSONObject], JSONValue]


def respond(application: Application, request: Request) -> Response:
    name = request.path.removeprefix(PREFIX)
    operation = OPERATIONS.get(f"{request.method} {name}")
    if operation is None:
        return ok({"error": f"no {request.method} {name}", "known": list(OPERATIONS)}, 404)
    try:
        wish: JSONObject = dict(request.query())
        if request.body:
            wish |= as_object(decode(request.body), "body")
        return ok(operation(application, wish))
    except (LookupError, ValueError) as error:
        return ok({"error": str(error)}, 400)


def _reset(application: Application, _wish: JSONObject) -> JSONValue:
    application.reset()
    return STATUS_OK


def _list_posts(application: Application, wish: JSONObject) -> JSONValue:
    return list(backstage.stored_posts(application.state, text_of(wish, "channel")))


def _list_reactions(application: Application, _wish: JSONObject) -> JSONValue:
    return list(backstage.reactions(application.state))


def _delete_post(application: Application, wish: JSONObject) -> JSONValue:
    backstage.delete_post(application.state, text_of(wish, "id"))
    return STATUS_OK


def _count(application: Application, _wish: JSONObject) -> JSONValue:
    state = application.state
    return {**application.counters, "posts stored": state.stored_count}


def _add_fault(application: Application, wish: JSONObject) -> JSONValue:
    application.faults.add(fault_from(wish))
    return STATUS_OK


def _clear_faults(application: Application, _wish: JSONObject) -> JSONValue:
    application.faults.clear()
    return STATUS_OK


def _set_offline(application: Application, wish: JSONObject) -> JSONValue:
    application.is_offline = flag_of(wish, "offline")
    if application.is_offline:
        application.sockets.drop()
    return {"offline": application.is_offline}


def _drop_sockets(application: Application, wish: JSONObject) -> JSONValue:
    if flag_of(wish, "drop"):
        application.sockets.drop()
    return STATUS_OK


def _configure(application: Application, wish: JSONObject) -> JSONValue:
    backstage.configure(application.state, wish)
    return application.state.settings


def _kick(application: Application, wish: JSONObject) -> JSONValue:
    backstage.kick(application.state, text_of(wish, "channel"), text_of(wish, "username", BOT))
    return STATUS_OK


def _add_member(application: Application, wish: JSONObject) -> JSONValue:
    username = text_of(wish, "username", BOT)
    backstage.add_member(application.state, text_of(wish, "channel"), username)
    return STATUS_OK


def _archive(application: Application, wish: JSONObject) -> JSONValue:
    is_archived = flag_of({"archived": True, **wish}, "archived")
    backstage.archive(application.state, text_of(wish, "channel"), is_archived=is_archived)
    return STATUS_OK


def _grant(application: Application, wish: JSONObject) -> JSONValue:
    backstage.grant(application.state, text_of(wish, "username"), text_of(wish, "permission"))
    return STATUS_OK


def _withdraw(application: Application, wish: JSONObject) -> JSONValue:
    backstage.withdraw(application.state, text_of(wish, "username"), text_of(wish, "permission"))
    return STATUS_OK


def _make_hook(application: Application, wish: JSONObject) -> JSONValue:
    return {"path": backstage.hook_path(application.state, text_of(wish, "channel"))}


OPERATIONS: dict[str, Operation] = {
    "POST reset": _reset,
    "GET posts": _list_posts,
    "DELETE posts": _delete_post,
    "GET reactions": _list_reactions,
    "GET counters": _count,
    "POST faults": _add_fault,
    "DELETE faults": _clear_faults,
    "POST offline": _set_offline,
    "POST sockets": _drop_sockets,
    "POST settings": _configure,
    "POST kick": _kick,
    "POST members": _add_member,
    "POST archive": _archive,
    "POST grant": _grant,
    "POST withdraw": _withdraw,
    "POST hook": _make_hook,
}
