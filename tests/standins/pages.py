"""What a person sees who follows a link into one of the demo's systems: the ticket, its notes."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from html import escape

from hub.plaintext import html_to_text
from tests.standins.erpnext import ErpNextStandin
from tests.standins.redmine import RedmineStandin
from tests.standins.redmine.site import STATUSES
from tests.standins.serving import Response
from tests.standins.zammad import ZammadStandin
from tests.standins.zammad.desk import STATES as TICKET_STATES

MOST_TICKETS = 50
STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 44rem; margin: 2rem auto; padding: 0 1rem }
article { border: 1px solid #8886; border-radius: .6rem; padding: .2rem 1.2rem; margin: 1rem 0 }
article:target { border-color: #0f766e; box-shadow: 0 0 0 1px #0f766e }
blockquote { margin: .8rem 0; padding-left: .9rem; border-left: 3px solid #8888; \
white-space: pre-line; overflow-wrap: anywhere }
small { opacity: .75 }
"""


@dataclass(frozen=True)
class Shown:
    """A ticket: `anchor` is where a link to it leads on the page; notes are who and what."""

    anchor: str
    title: str
    status: str
    notes: tuple[tuple[str, str], ...]


def zammad_page(zammad: ZammadStandin) -> Callable[[str], Response | None]:
    """All tickets on one page, as the links behind its `#` lead to."""

    def show(path: str) -> Response | None:
        newest = sorted(zammad.desk.tickets.values(), key=lambda one: one["id"], reverse=True)
        shown = (_ticket(zammad, one) for one in newest[:MOST_TICKETS])
        return _page("Zammad", shown) if path == "/" else None

    return show


def redmine_page(redmine: RedmineStandin) -> Callable[[str], Response | None]:
    def show(path: str) -> Response | None:
        found = re.fullmatch(r"/issues/(\d+)", path)
        issue = redmine.site.issues.get(int(found[1])) if found else None
        if issue is None:
            return None
        notes = tuple((one.user.name, one.notes) for one in issue.journals if one.notes)
        status = STATUSES[issue.status_id][0]
        return _page("Redmine", [Shown("", f"#{issue.id} {issue.subject}", status, notes)])

    return show


def erpnext_page(erpnext: ErpNextStandin) -> Callable[[str], Response | None]:
    def show(path: str) -> Response | None:
        name = path.rpartition("/")[2] if path.startswith(("/app/", "/desk/")) else ""
        document = next((one[name] for one in erpnext.documents.values() if name in one), None)
        if document is None:
            return None
        title = f"{name} {document.get('subject') or document.get('customer_name') or ''}"
        comments = [one for one in erpnext.comments if one["reference_name"] == name]
        notes = tuple((one["comment_by"], html_to_text(one["content"])) for one in comments)
        return _page("ERPNext", [Shown("", title, str(document.get("status", "")), notes)])

    return show


def _ticket(zammad: ZammadStandin, ticket: Mapping[str, object]) -> Shown:
    articles = [one for one in zammad.desk.articles.values() if one["ticket_id"] == ticket["id"]]
    notes = tuple(
        (
            f"{one['from']}, internal" if one["internal"] else str(one["from"]),
            html_to_text(one["body"]),
        )
        for one in articles
    )
    status = TICKET_STATES[int(str(ticket["state_id"]))]
    title = f"ZD#{ticket['number']} {ticket['title']}"
    return Shown(f"ticket/zoom/{ticket['id']}", title, status, notes)


def _page(system: str, tickets: Iterable[Shown]) -> Response:
    body = "".join(map(_article, tickets))
    html = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{system} of the demo</title><style>{STYLE}</style>"
        f"<h1>{system}</h1><p><small>A stand-in: what the demo's {system} holds now.</small></p>"
        f"{body}</html>"
    )
    return Response(200, html.encode(), "text/html; charset=utf-8")


def _article(one: Shown) -> str:
    notes = "".join(
        f"<blockquote><small>{escape(who)}</small>\n{escape(text)}</blockquote>"
        for who, text in one.notes
    )
    heading = f"<h2>{escape(one.title)}</h2><p>{escape(one.status)}</p>"
    return f'<article id="{escape(one.anchor)}">{heading}{notes}</article>'
