"""`/hub link`: a person sees which accounts are taken for his, and says yes or no."""

from datetime import datetime, timedelta

from django.utils import timezone

from hub.accounts import UNKNOWN, Place
from hub.answers import make_answer
from hub.contracts import JSONObject
from hub.markdown import escape
from hub.models import Account, MattermostServer, Person
from hub.people import confirm_account, link_accounts, may_write_as, reject_account
from hub.pressing import Button, Press, Pressed, as_action
from hub.sentences import sentence as _

KIND = "link"
BUTTON_LIFE = timedelta(hours=1)


def link(person: Person, server: MattermostServer, now: datetime) -> JSONObject:
    """The answer to the person: his accounts, looked up where they are not known yet."""
    accounts = link_accounts(person, now)
    if not accounts:
        return make_answer(_no_account(person))
    return make_answer(
        _("Accounts that the hub takes for yours:"),
        attachments=[_card(account, server, now) for account in accounts],
    )


def press_link(press: Press) -> Pressed:
    """Yes or no to one account. Only its own person may say so, and yes only where it is proven."""
    server = MattermostServer.objects.filter(pk=_number(press, "server")).first()
    account = _account_of(press, server) if server is not None else None
    if server is None or account is None:
        return Pressed(_("That is settled already, or the account is not yours to judge."))
    name = escape(str(account))
    if press.payload.get("is_mine") is not True:
        reject_account(account)
        text = _("{account} is not taken for yours any more.", account=name)
        return _answered(text, account.person, server)
    if not may_write_as(account, server):
        return Pressed(_("An administrator has to confirm {account}.", account=name))
    confirm_account(account)
    return _answered(_("{account} is yours.", account=name), account.person, server)


def _answered(text: str, person: Person, server: MattermostServer) -> Pressed:
    """What was answered, above the accounts as they are now: the others can still be judged."""
    rest = link(person, server, timezone.now())
    return Pressed(
        update={
            "message": f":white_check_mark: {text}\n{rest['text']}",
            "props": {"attachments": rest.get("attachments", [])},
        }
    )


def _no_account(person: Person) -> str:
    if not person.email:
        return _(
            "Mattermost does not tell the hub your e-mail address, so it cannot look for your "
            "accounts. An administrator can add them."
        )
    return _(
        "No system knows {email}, or none could be asked just now. An administrator can add an "
        "account with another address.",
        email=escape(person.email),
    )


def _card(account: Account, server: MattermostServer, now: datetime) -> JSONObject:
    card: JSONObject = {"text": f"**{escape(str(account.source))}**: {_shown(account)}"}
    is_proven = may_write_as(account, server)
    if account.state == Account.State.CONFIRMED:
        note = _("Confirmed.") if is_proven else _waiting()
        return card | {"text": f"{card['text']}\n{note}"}
    if not is_proven:
        return card | {"text": f"{card['text']}\n{_waiting()}"}
    yes = _button(account, server, _("That is me"), now, is_mine=True)
    no = _button(account, server, _("That is not me"), now, is_mine=False)
    return card | {"actions": [as_action(yes), as_action(no)]}


def _waiting() -> str:
    return _(
        "Waits for an administrator, who confirms it: until then your name stands in the text."
    )


def _shown(account: Account) -> str:
    names = [account.name, account.login, account.email]
    return str(escape(", ".join(dict.fromkeys(name for name in names if name))))


def _button(
    account: Account, server: MattermostServer, label: str, now: datetime, *, is_mine: bool
) -> Button:
    return Button(
        kind=KIND,
        label=label,
        payload={"account": account.pk, "server": server.pk, "is_mine": is_mine},
        expires_at=now + BUTTON_LIFE,
        style="primary" if is_mine else "default",
    )


def _account_of(press: Press, server: MattermostServer) -> Account | None:
    """The account of the button, if whoever pressed is its person."""
    chat = Place(server=server).known().filter(external_id=press.user_id).first()
    if chat is None:
        return None
    rows = Account.objects.filter(pk=_number(press, "account"), person=chat.person_id)
    return rows.exclude(state__in=UNKNOWN).select_related("source", "person").first()


def _number(press: Press, name: str) -> int:
    value = press.payload.get(name)
    return value if isinstance(value, int) else 0
