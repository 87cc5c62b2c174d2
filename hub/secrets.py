"""Secrets: making and hashing tokens, encryption at rest, masking of what looks like one."""

import hashlib
import os
import re
import secrets
import string
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.crypto import salted_hmac

TOKEN_ALPHABET = string.ascii_lowercase + string.digits
TOKEN_LENGTH = 26  # looks like a Mattermost hook id, so that every sender accepts it
PREFIX_LENGTH = 6  # shown in lists: tells tokens apart, leaves 103 bits
ENVIRONMENT_PREFIX = "env:"
MASK = "•••••"
SECRET_SIGNS = (  # in lower case; every shape below holds one of them
    *("xox", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "glpat-", "whsec_", "eyj", "akia"),
    *("private key", "@", "bearer ", "token=", "password", "passwd=", "secret=", "api_key="),
    *("apikey=", "wachtwoord: ", "/hooks/"),
)
SECRET_SHAPES = re.compile(
    r"""(?ix)
    (?:xox[abps]-[\w-]{10,}) | (?:gh[pousr]_\w{20,}) | (?:glpat-[\w-]{16,}) | (?:whsec_[\w+/=]{16,})
    | (?:eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}) | (?:AKIA[0-9A-Z]{16})
    | -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----[\s\S]*?(?:-----END\ [A-Z ]*PRIVATE\ KEY-----|\Z)
    | (?<=://)[^\s/:@]+:[^\s/@]+(?=@)
    | (?:(?<=bearer\ )|(?<=token=)|(?<=password=)|(?<=passwd=)|(?<=secret=)|(?<=api_key=)
        |(?<=apikey=)|(?<=access_token=)|(?<=password:\ )|(?<=wachtwoord:\ )|(?<=/hooks/))
      (?!•)[^\s&"'<>,;|)\]]{8,}
    """
)


def new_token() -> str:
    return "".join(secrets.choice(TOKEN_ALPHABET) for _ in range(TOKEN_LENGTH))


def hash_token(token: str) -> str:
    """Hex SHA-256; no salt is needed over 134 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


def fingerprint(secret: str) -> str:
    """Tells whether a secret was changed; keyed, so that a weak one cannot be guessed from it."""
    return salted_hmac("hub.credential", secret, algorithm="sha256").hexdigest()


def may_hold_secret(text: str) -> bool:
    """Nearly always False, and then there is nothing to mask: the shapes cost 50 times as much."""
    lower = text.lower()
    for sign in SECRET_SIGNS:  # noqa: SIM110  # a generator takes three times as long
        if sign in lower:
            return True
    return False


def mask_secrets(text: str) -> str:
    """`text` with everything that looks like a credential replaced by dots."""
    return SECRET_SHAPES.sub(MASK, text) if may_hold_secret(text) else text


@lru_cache(maxsize=4)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError as error:
        raise ImproperlyConfigured(
            "HUB_FERNET_KEYS holds no valid key: scripts/run makes one, or run "
            "python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key())'"
        ) from error


def encrypt(text: str) -> str:
    return _cipher(tuple(settings.HUB_FERNET_KEYS)).encrypt(text.encode()).decode()


def decrypt(sealed: str) -> str:
    """Raises ImproperlyConfigured when no key of HUB_FERNET_KEYS opens it: it fails closed."""
    try:
        return _cipher(tuple(settings.HUB_FERNET_KEYS)).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise ImproperlyConfigured(
            "A stored secret cannot be read with HUB_FERNET_KEYS: put the old key back, behind "
            "the new one"
        ) from error


def resolve(value: str) -> str:
    """The secret itself: `env:NAME` is read from the environment at each use."""
    if value.startswith(ENVIRONMENT_PREFIX):
        return os.environ.get(value.removeprefix(ENVIRONMENT_PREFIX), "")
    return value
