"""What a hub under load is configured with: a destination, a signed token and many rules."""

import json
from dataclasses import dataclass

from hub.models import Channel, Condition, MattermostServer, RuleText, Source, TriggerRule
from tests.bench.load import NUMBER_MARK, SENT_MARK
from tests.factories import make_channel, make_rule, make_server, make_source, make_token

BODY_BYTES = 2048
SIGNING_SECRET = "bench-signing-secret"
RULE_COUNT = 100
COMPLAINT = "The checkout shows an error since this morning. "
SAME_KIND_COUNT = 25  # of them: rules about new tickets, one of which holds
LINE = "{{ organization }}: {{ title }}"
OTHER_KINDS = (
    ("zammad", "ticket.closed"),
    ("zammad", "ticket.sla_warning"),
    ("redmine", "issue.created"),
    ("redmine", "issue.closed"),
    ("git", "pull_request.opened"),
    ("erpnext", "invoice.submitted"),
)


@dataclass(frozen=True, slots=True)
class Configured:
    server: MattermostServer
    channel: Channel
    source: Source
    token: str

    @property
    def path(self) -> str:
        return f"/hooks/{self.token}"


def configure(destination_url: str = "http://127.0.0.1:9", rules: int = RULE_COUNT) -> Configured:
    """Active rules, one of which holds: a new P1 ticket goes to ~support, in its own thread."""
    server = make_server(base_url=destination_url)
    channel = make_channel("support", server)
    source = make_source()
    make_rule(
        channel,
        name="New P1 ticket",
        kinds=("ticket.created",),
        conditions=(("is_p1", "equals", "true"),),
        line="Urgent: {{ title }}",
        order=10,
    )
    elsewhere = make_channel("elsewhere", server)
    for number in range(1, rules):
        _make_other_rule(number, elsewhere)
    _row, token = make_token(source, signing_secret=SIGNING_SECRET)
    return Configured(server, channel, source, token)


def add_rules(total: int) -> list[int]:
    """More of the same, switched off, up to `total`; their ids."""
    channel = Channel.objects.get(name="elsewhere")
    numbers = range(TriggerRule.objects.count(), total)
    rules = TriggerRule.objects.bulk_create(_other_rule(number) for number in numbers)
    Condition.objects.bulk_create(
        Condition(rule=rule, path="organization", operator="equals", value=rule.name)
        for rule in rules
    )
    RuleText.objects.bulk_create(RuleText(rule=rule, language="en", line=LINE) for rule in rules)
    through = TriggerRule.channels.through
    through.objects.bulk_create(
        through(triggerrule_id=rule.pk, channel_id=channel.pk) for rule in rules
    )
    return [rule.pk for rule in rules]


def ticket_body(*, is_fixed: bool = False) -> str:
    """A new P1 ticket, 2 kB; with marks for its number and the time, unless it is fixed."""
    number, sent = NUMBER_MARK.decode(), SENT_MARK.decode()
    body = json.dumps(_ticket(number, sent)).replace(f'"id": "{number}"', f'"id": {number}')
    body = body.replace("@TEXT@", (COMPLAINT * 40)[: BODY_BYTES - len(body)])
    return body.replace(number, "1000000").replace(sent, "now") if is_fixed else body


def _make_other_rule(number: int, channel: Channel) -> None:
    integration, kind = ("zammad", "ticket.created")
    if number >= SAME_KIND_COUNT:
        integration, kind = OTHER_KINDS[number % len(OTHER_KINDS)]
    make_rule(
        channel,
        name=f"Customer {number}",
        integration=integration,
        kinds=(kind,),
        conditions=(("organization", "equals", f"Customer {number}"),),
        line=LINE,
    )


def _other_rule(number: int) -> TriggerRule:
    """A quarter is about new tickets, as with the first hundred."""
    is_same = number % (RULE_COUNT // SAME_KIND_COUNT) == 0
    integration, kind = OTHER_KINDS[number % len(OTHER_KINDS)]
    return TriggerRule(
        name=f"Customer {number}",
        integration="zammad" if is_same else integration,
        kinds=["ticket.created" if is_same else kind],
        is_active=False,
    )


def _ticket(number: str, sent: str) -> dict[str, object]:
    ticket = {
        "id": number,
        "number": number,
        "title": f"Webshop down, sent {sent}",
        "state": "new",
        "priority": {"id": 3, "name": "3 high"},
        "customer": {"firstname": "Jet", "lastname": "Vos", "email": "jet@klant.example.test"},
        "organization": {"name": "Klant BV"},
        "group": {"name": "Support"},
        "owner": {"login": "-"},
        "owner_id": 1,
        "article_count": 1,
        "created_at": "2026-11-24T08:02:11.120Z",
        "updated_at": "2026-11-24T08:02:11.201Z",
    }
    article = {
        "from": "Jet Vos <jet@klant.example.test>",
        "type": "email",
        "sender": "Customer",
        "internal": False,
        "content_type": "text/plain",
        "body": "@TEXT@",
    }
    return {"ticket": ticket, "article": article}
