"""The tokens that presses are signed with."""

from base64 import urlsafe_b64decode

from hub.signatures import make_jwt, sign_hs256
from tests.factories import NOON

# RFC 7515, appendix A.1.1
RFC_KEY = urlsafe_b64decode(
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow=="
)
RFC_SIGNED = (
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
)


def test_hs256_gives_the_signature_of_the_rfc() -> None:
    assert sign_hs256(RFC_SIGNED, RFC_KEY) == "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


def test_a_token_changes_with_body_secret_and_time() -> None:
    token = make_jwt(b"body", secret="s", now=NOON)

    assert token != make_jwt(b"other", secret="s", now=NOON)
    assert token.rpartition(".")[2] != make_jwt(b"body", secret="t", now=NOON).rpartition(".")[2]
    assert "=" not in token
    assert token.count(".") == 2
