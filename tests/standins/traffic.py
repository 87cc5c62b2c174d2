"""Sample webhooks for the demo, over HTTP: `python -m tests.standins.traffic --hooks {…}`."""

import argparse
import http.client
import itertools
import json
import random
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from tests.standins.ensemble import Setting, play
from tests.standins.platform import Platform
from tests.standins.stories import (
    Recording,
    Request,
    Story,
    Subject,
    load_recordings,
    tell,
)

INTEGRATIONS = Path(__file__).resolve().parents[2] / "integrations"
CALL_TIMEOUT_S = 10.0
LIVELY_COUNT = 45  # the first few minutes; then calmer, for a demo that is left running
CALM_FACTOR = 4
MOST_OPEN, NEW_STORY_CHANCE = 4, 0.4  # stories told at a time
NUMBER_EVERY_S, NUMBERS = 20, 20_000  # each start of the demo begins with other numbers
# The first story brings the four events of Zammad that the starter rules are about.
PLOTS = (
    (
        "zammad",
        ("ticket.created", "ticket.sla_warning", "ticket.tagged__macro", "ticket.closed"),
    ),
    ("zammad", ("ticket.created", "ticket.replied", "ticket.closed")),
    ("zammad", ("ticket.created", "ticket.sla_warning", "ticket.sla_breached", "ticket.closed")),
    ("zammad", ("ticket.created", "ticket.tagged__scheduler", "ticket.replied", "ticket.closed")),
    (
        "zammad",
        ("ticket.created__low_priority", "ticket.priority_raised", "ticket.closed"),
    ),
    ("mattermost_compatible", ("message.posted__card",)),
    ("mattermost_compatible", ("message.posted__attachments",)),
)
SUBJECTS = (
    Subject(
        "Webshop returns 502 at checkout",
        "Since this morning <b>all</b> our customers get a 502 when they pay.",
        "Klant BV",
        "Jet",
        "Vos",
    ),
    Subject(
        "Nobody can log in since the update",
        "The page says “session expired” right after the password.",
        "Acme Corp",
        "Robin",
        "Prins",
    ),
    Subject(
        "Invoices are printed without a logo",
        "It worked until last week. We changed nothing.",
        "Voorbeeld Groothandel",
        "Noa",
        "Linde",
    ),
    Subject(
        "VPN drops every ten minutes",
        "In the whole Gent office, wired and wireless.",
        "Klant Logistiek",
        "Sam",
        "Veld",
    ),
    Subject(
        "Stock levels are a day behind",
        "The nightly import seems to have stopped at 02:00.",
        "Voorbeeld Techniek",
        "Mika",
        "Haven",
    ),
    Subject(
        "Server room: temperature above 30 °C",
        "One of the two cooling units has stopped.",
        "Stichting Demo",
        "Luca",
        "Berg",
    ),
)


class Trickle:
    """Decides what comes next: the first plot whole, then several stories at a time."""

    def __init__(
        self, recordings: Mapping[str, Mapping[str, Recording]], *, secret: str, first_number: int
    ) -> None:
        self._recordings = recordings
        self._secret = secret
        self._number = first_number
        self._dice = random.Random(first_number)
        self._plots = [
            (integration, steps)
            for integration, steps in PLOTS
            if set(steps) <= recordings.get(integration, {}).keys()
        ]
        self._stories = [self._begin(self._plots[0])] if self._plots else []
        self._is_opening = True

    @property
    def has_plots(self) -> bool:
        """Not where no integration comes with recordings."""
        return bool(self._plots)

    def next_request(self, now: datetime) -> Request:
        story = self._choose_story()
        recording = self._recordings[story.integration][story.steps[story.told_count]]
        request = tell(recording, story, secret=self._secret, now=now)
        if story.is_over:
            self._stories.remove(story)
            self._is_opening = False
        return request

    def _choose_story(self) -> Story:
        is_full = self._is_opening or len(self._stories) >= MOST_OPEN
        if not is_full and (not self._stories or self._dice.random() < NEW_STORY_CHANCE):
            self._stories.append(self._begin(self._dice.choice(self._plots)))
        return self._dice.choice(self._stories)

    def _begin(self, plot: tuple[str, tuple[str, ...]]) -> Story:
        self._number += 1
        return Story(*plot, self._number, SUBJECTS[self._number % len(SUBJECTS)])


def main() -> None:
    options = parse_options()
    hooks = json.loads(options.hooks)
    recordings = {
        name: {one.name: one for one in load_recordings(INTEGRATIONS / name / "payloads")}
        for name in hooks
    }
    first_number = 74_000 + int(time.time()) // NUMBER_EVERY_S % NUMBERS
    trickle = Trickle(recordings, secret=options.secret, first_number=first_number)
    if not trickle.has_plots:
        sys.stdout.write("no integration comes with recordings: there is nothing to send\n")
        signal.pause()
    wait_for(options.hub_url)
    sys.stdout.write(f"a sample webhook every {options.every:g} s\n")
    with Platform(options.key, first_number, json.loads(options.ports)) as platform:
        addresses = {name: f"{options.hub_url}{path}" for name, path in hooks.items()}
        platform.tell(addresses, options.secret)
        requests = play(
            lambda: trickle.next_request(datetime.now(UTC)),
            hooks,
            secret=options.secret,
            first_number=first_number,
            setting=Setting(platform.redmine.site, platform.n8n.url),
        )
        send_all(options, addresses, platform, requests)


def send_all(
    options: argparse.Namespace,
    addresses: Mapping[str, str],
    platform: Platform,
    requests: Iterator[Request],
) -> None:
    for count in itertools.count():
        request = platform.redmine.call(lambda: next(requests))  # it moves the site on
        platform.learn(request)
        problem = send(addresses[request.integration], request)
        if problem:
            sys.stdout.write(f"{request.integration} {request.name}: {problem}\n")
        time.sleep(options.every if count < LIVELY_COUNT else options.every * CALM_FACTOR)


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hub-url", default="http://127.0.0.1:8000")
    parser.add_argument("--hooks", required=True, help="JSON: integration → path of its webhook")
    parser.add_argument("--secret", required=True, help="that the tokens are signed with")
    parser.add_argument("--ports", default="{}", help="JSON: integration → port of its API")
    parser.add_argument("--key", default="demo", help="with which the hub comes in there")
    parser.add_argument("--every", type=float, default=4.0, help="seconds between two webhooks")
    return parser.parse_args()


def send(url: str, request: Request) -> str:
    """Why it was not taken; empty when it was."""
    path = urlsplit(url).path
    target = f"{path}?{request.query}" if request.query else path
    with closing(_connect(url)) as connection:
        try:
            connection.request("POST", target, request.body, dict(request.headers))
            response = connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            return f"the hub does not answer: {error}"
        if response.status < http.client.BAD_REQUEST:
            return ""
        return f"refused with {response.status}: {response.read(200).decode(errors='replace')}"


def wait_for(hub_url: str) -> None:
    while True:
        with closing(_connect(hub_url)) as connection:
            try:
                connection.request("GET", "/healthz")
                return connection.getresponse().close()
            except (OSError, http.client.HTTPException):
                time.sleep(0.2)


def _connect(hub_url: str) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(hub_url).netloc, timeout=CALL_TIMEOUT_S)


if __name__ == "__main__":
    main()
