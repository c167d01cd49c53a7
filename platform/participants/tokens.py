"""Secrets of links and cookies. Only their sha256 is ever stored."""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Sequence

from django.conf import settings

TOKEN_BYTES = 32
FORM_KEY = re.compile(r"[A-Za-z0-9_-]{32,64}\Z")
CODE_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # no letter that is read as another
CODE_LENGTH = 10


def new_token() -> str:
    """A random secret of 256 bits, 43 characters that an address may hold."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def digest(token: str) -> str:
    """The sha256 of a secret, in hexadecimal: what is stored, and what is searched for."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def cookie_secret(link_token: str, form_key: str) -> str:
    """The secret that pressing [Start] on one landing page leads to.

    `form_key` is the random number which that page carried: a double click sends it twice, gets the same secret twice,
    and so is one person. Without a usable one the secret is drawn.
    """
    if not FORM_KEY.match(form_key):
        return new_token()
    key = hashlib.sha256(f"seat/{settings.SECRET_KEY}".encode()).digest()
    raw = hmac.new(key, f"{link_token}/{form_key}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def new_code(prefix: str, choice: Callable[[Sequence[str]], str] = secrets.choice) -> str:
    """A pseudonym: the prefix and ten random characters (49 bits; the database refuses a second of the same).

    Args:
        choice: Draws one letter; only a simulation gives another than the secret one.
    """
    return prefix + "".join(choice(CODE_LETTERS) for _ in range(CODE_LENGTH))


def stream_name(token_sha256: str) -> str:
    """The name under which a person's sockets listen: nothing in it can be guessed or counted."""
    return f"session-{token_sha256[:32]}"
