"""Tickets, articles and users as JSON: of the API, and of the webhook."""

from typing import Any

from tests.standins.zammad.desk import GROUP, PRIORITIES, STATES, Desk, User


def api_ticket(desk: Desk, ticket: dict[str, Any], *, is_expanded: bool) -> dict[str, Any]:
    """Names come only with `expand=true`. There are no tags in either form."""
    written = {
        **ticket,
        "group_id": GROUP[0],
        "article_ids": [one["id"] for one in articles_of(desk, ticket)],
        "article_count": len(articles_of(desk, ticket)),
    }
    if is_expanded:
        written |= {
            "state": STATES[ticket["state_id"]],
            "priority": PRIORITIES[ticket["priority_id"]],
            "group": GROUP[1],
            "owner": desk.users[ticket["owner_id"]].login,
            "customer": desk.users[ticket["customer_id"]].login,
        }
    return written


def api_user(user: User, *, is_expanded: bool) -> dict[str, Any]:
    written: dict[str, Any] = {
        "id": user.id,
        "login": user.login,
        "firstname": user.firstname,
        "lastname": user.lastname,
        "email": user.email,
        "active": user.is_active,
        "role_ids": list(range(len(user.roles))),
    }
    return written | ({"roles": list(user.roles)} if is_expanded else {})


def webhook_body(desk: Desk, article: dict[str, Any]) -> dict[str, Any]:
    """The default payload: associations are objects, but for the state."""
    ticket = desk.tickets[article["ticket_id"]]
    writer = webhook_user(desk.users[article["created_by_id"]])
    content = {
        **api_ticket(desk, ticket, is_expanded=False),
        "state": STATES[ticket["state_id"]],
        "priority": {"id": ticket["priority_id"], "name": PRIORITIES[ticket["priority_id"]]},
        "group": {"id": GROUP[0], "name": GROUP[1]},
        "owner": webhook_user(desk.users[ticket["owner_id"]]),
        "customer": webhook_user(desk.users[ticket["customer_id"]]),
        "updated_by": writer,
        "updated_by_id": writer["id"],
    }
    return {"ticket": content, "article": {**article, "created_by": writer}}


def webhook_user(user: User) -> dict[str, Any]:
    names = {"firstname": user.firstname, "lastname": user.lastname, "email": user.email}
    return {"id": user.id, "login": user.login, **names}


def articles_of(desk: Desk, ticket: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in desk.articles.values() if one["ticket_id"] == ticket["id"]]
