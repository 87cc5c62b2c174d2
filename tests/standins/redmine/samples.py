"""Sample webhooks that belong together: issues from their making to their closing."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle

from tests.standins.outgoing import OutgoingRequest
from tests.standins.redmine.sending import NativeWebhook
from tests.standins.redmine.site import Issue, Site, User

ROBIN = User(5, "robin", "Robin", "de Vries")
ANJA = User(7, "anja", "Anja", "Klein")
SAM = User(9, "sam", "Sam", "Veld")
IN_PROGRESS, FEEDBACK, CLOSED = 2, 4, 5
NORMAL, HIGH, IMMEDIATE = 2, 3, 5
SUBJECTS = (
    ("Login fails after the update", "Since release 4.2 the login page says: session expired."),
    ("Export of invoices takes ten minutes", "With more than 2,000 rows. Klant BV waits for it."),
    ("Search finds nothing with an umlaut", "“Müller” gives no result, “Muller” does."),
    ("Add a dark theme to the portal", "Asked for by Acme Corp and Globex Logistics."),
    ("Upload stops at 99 % 🤔", "Only on slow lines, and only for files over 20 MB."),
)


def traffic(
    secret: str,
    *,
    first_id: int = 2_300,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    site: Site | None = None,
) -> Iterator[OutgoingRequest]:
    """Endless, signed, one story after the other. `clock` is asked before each request.

    Where its API answers as well, the issues are those of its `site`, by that one's own clock.
    """
    is_own = site is None
    site = site or make_site(clock(), first_id)
    webhook = NativeWebhook(secret)
    for subject, description in cycle(SUBJECTS):
        if is_own:
            site.now = clock()
        priority_id = IMMEDIATE if subject == SUBJECTS[0][0] else NORMAL
        issue = site.create(SAM, subject, description=description, priority_id=priority_id)
        yield webhook.created(site, issue)
        for step in STEPS:
            if is_own:
                site.now = clock()
            yield from step(site, issue, webhook)


def make_site(now: datetime | None, first_id: int) -> Site:
    """With the people of the stories. Without `now` its clock runs."""
    site = Site(now, (ROBIN, ANJA, SAM), first_id=first_id)
    site.last_journal_id = first_id * 10
    return site


def _take_up(site: Site, issue: Issue, webhook: NativeWebhook) -> list[OutgoingRequest]:
    change = site.update(issue, ANJA, status_id=IN_PROGRESS, assigned_to_id=ANJA.id)
    return webhook.updated(site, change)


def _comment(site: Site, issue: Issue, webhook: NativeWebhook) -> list[OutgoingRequest]:
    note = "I can reproduce it. See https://wiki.example.test/how-to-reproduce"
    return webhook.updated(site, site.update(issue, ANJA, notes=note))


def _raise(site: Site, issue: Issue, webhook: NativeWebhook) -> list[OutgoingRequest]:
    due_date = f"{site.now + timedelta(days=2):%Y-%m-%d}"
    change = site.update(issue, ROBIN, priority_id=HIGH, due_date=due_date)
    return webhook.updated(site, change)


def _ask(site: Site, issue: Issue, webhook: NativeWebhook) -> list[OutgoingRequest]:
    change = site.update(
        issue,
        ANJA,
        notes="Ready on the test server. Sam, does it work for you?",
        status_id=FEEDBACK,
        assigned_to_id=SAM.id,
        done_ratio=90,
    )
    return webhook.updated(site, change)


def _close(site: Site, issue: Issue, webhook: NativeWebhook) -> list[OutgoingRequest]:
    change = site.update(issue, SAM, notes="It does, thank you!", status_id=CLOSED, done_ratio=100)
    return webhook.updated(site, change)


STEPS = (_take_up, _comment, _raise, _ask, _close)
