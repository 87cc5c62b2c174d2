"""References to tickets, issues and documents in commit messages and titles."""

import re
from collections.abc import Iterable
from itertools import islice

from hub.contracts import JSONValue

MAX_REFERENCES = 10
MAX_CHARS = 20_000
REFERENCE = re.compile(
    r"""
    (?<![\w/&.-])
    (?:
        [A-Z]{2,6}\#\d{1,10}  # ZD#74001
      | \#\d{1,10}  # #23
      | (?!CVE-)[A-Z]{2,12}(?:-[A-Z]{2,12}){0,3}-\d{4}-\d{3,8}  # TASK-2025-00006
    )
    (?![\w-])
    """,
    re.VERBOSE,
)
# Written by the forge itself, about its own pull request.
MERGE_TITLE = re.compile(r"^Merge pull request [^\n]{0,200}?#\d{1,10}", re.MULTILINE)


def find_references(texts: Iterable[str], *, own_number: int = 0) -> list[JSONValue]:
    """As they are written, each once; not the number of the pull request that mentions them."""
    text = MERGE_TITLE.sub("", "\n".join(texts)[:MAX_CHARS])
    found = dict.fromkeys(REFERENCE.findall(text))
    found.pop(f"#{own_number}", None)
    return [*islice(found, MAX_REFERENCES)]
