"""What a rule's `mentions` say, with the ticket's owner in the place of @owner."""

from collections.abc import Iterable

OWNER = "@owner"
ESCAPE = "@@"  # @@owner is the user who is called owner


def mentions_owner(mentions: str) -> bool:
    return OWNER in mentions.lower().split()


def fill_mentions(mentions: str, owners: Iterable[str]) -> str:
    """Left out where the owner is nobody that Mattermost knows; nobody is mentioned twice."""
    words: list[str] = []
    for word in mentions.split():
        if word.lower() == OWNER:
            words += [f"@{username}" for username in owners]
        else:
            words.append(word[1:] if word.startswith(ESCAPE) else word)
    return " ".join(dict.fromkeys(words))
