"""HMAC schemes over the raw bytes, compared in constant time; used by integrations."""

import base64
import hashlib
import hmac
import json
from datetime import datetime

from hub.contracts import JSONObject, VerificationError

STANDARD_WEBHOOKS_TOLERANCE_S = 300
JWT_LIFE_S = 60
JWT_HEAD: JSONObject = {"alg": "HS256", "typ": "JWT"}


def is_equal(given: str, expected: str) -> bool:
    """Constant-time comparison of any two texts."""
    return hmac.compare_digest(given.encode(), expected.encode())


def make_hmac(*, secret: str, body: bytes, algorithm: str = "sha256", prefix: str = "") -> str:
    """Hex HMAC of `body` behind the sender's `prefix` (`sha256=`)."""
    return prefix + hmac.digest(secret.encode(), body, algorithm).hex()


def make_hmac_base64(*, secret: str, body: bytes) -> str:
    """Base64 HMAC-SHA256 of `body` (Frappe)."""
    return base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()


def check_hmac(
    given: str, *, secret: str, body: bytes, algorithm: str = "sha256", prefix: str = ""
) -> None:
    """Hex HMAC of `body`, with the sender's `prefix` (`sha256=`).

    Raises VerificationError when it is missing, empty or wrong. Hex digits may be of either case.
    """
    expected = make_hmac(secret=secret, body=body, algorithm=algorithm, prefix=prefix)
    if not secret or not is_equal(given.strip().lower(), expected):
        raise VerificationError("the signature is wrong" if given else "the signature is missing")


def check_hmac_base64(given: str, *, secret: str, body: bytes) -> None:
    """Base64 HMAC-SHA256 of `body` (Frappe). Raises VerificationError."""
    if not secret or not is_equal(given.strip(), make_hmac_base64(secret=secret, body=body)):
        raise VerificationError("the signature is wrong" if given else "the signature is missing")


def check_secret(given: str, *, secret: str) -> None:
    """A plain shared secret in a header. Raises VerificationError."""
    if not secret or not is_equal(given, secret):
        raise VerificationError("the secret is wrong" if given else "the secret is missing")


def check_standard_webhooks(
    headers: dict[str, str], *, secret: str, body: bytes, now: datetime
) -> None:
    """Standard Webhooks v1: `webhook-id`, `webhook-timestamp`, `webhook-signature`.

    `secret` is `whsec_` and base64 of the key. Raises VerificationError.
    """
    identifier = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not timestamp.isascii() or not timestamp.isdigit():
        raise VerificationError("the signature has no timestamp")
    if abs(now.timestamp() - int(timestamp)) > STANDARD_WEBHOOKS_TOLERANCE_S:
        raise VerificationError("the signature is older than five minutes")
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError as error:
        raise VerificationError("the stored signing token is not whsec_ and base64") from error
    signed = f"{identifier}.{timestamp}.".encode() + body
    expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    given = headers.get("webhook-signature", "").split()
    matches = [is_equal(one.removeprefix("v1,"), expected) for one in given]
    if not key or not any(matches):
        raise VerificationError("the signature is wrong" if given else "the signature is missing")


def make_jwt(body: bytes, *, secret: str, now: datetime) -> str:
    """A token for one request: when it was made, until when it counts, and the hash of the body.

    Only made, never read, and only with HS256: fifteen lines instead of a library.
    """
    claims: JSONObject = {
        "iat": int(now.timestamp()),
        "exp": int(now.timestamp()) + JWT_LIFE_S,
        "sha256": hashlib.sha256(body).hexdigest(),
    }
    signed = ".".join(_base64url(json.dumps(part).encode()) for part in (JWT_HEAD, claims))
    return f"{signed}.{sign_hs256(signed, secret.encode())}"


def sign_hs256(signed: str, key: bytes) -> str:
    """The third part of a JSON Web Token (RFC 7515, appendix A.1)."""
    return _base64url(hmac.digest(key, signed.encode(), hashlib.sha256))


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
