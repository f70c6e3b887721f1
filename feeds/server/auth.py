"""Access to private feeds (RFC 7617, RFC 6750); secrets come from the environment."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass

from feeds.config import PrivateFeed, Serve
from feeds.config.variables import read_variable
from feeds.errors import ConfigError

SECRET_PREFIX = "/private/"  # noqa: S105 - where secret addresses begin


@dataclass(frozen=True, slots=True)
class Target:
    """Result of the access rules for a path: the path in the output tree, or the status of a refusal."""

    path: str
    refused: int = 0


@dataclass(frozen=True, slots=True)
class _Guarded:
    feed: str
    auth: bytes
    secret: bytes


class Access:
    """The access rules of one server; with ``everything`` the whole tree is private."""

    def __init__(self, settings: Serve, environment: Mapping[str, str] = os.environ) -> None:
        """Read the secrets from the environment.

        Raises:
            ConfigError: A variable is missing or unfit. Every mistake is listed; no secret is.
        """
        mistakes: list[str] = []

        def hash_variable(section: Serve | PrivateFeed, name: str, place: str) -> bytes:
            try:
                value = read_variable(section, name, f"{place}.{name}", environment)
            except ConfigError as error:
                # All mistakes are reported at once, so that a new server does not need a start for each.
                mistakes.extend(error.mistakes)
                return b""
            return _hash_secret(value.encode()) if value else b""

        # Only digests are kept: they have one length, which a comparison in constant time needs.
        self._auth = hash_variable(settings, "auth", "serve")
        self._token = hash_variable(settings, "token", "serve")
        self._guarded = tuple(
            _Guarded(
                rule.feed.strip("/"),
                hash_variable(rule, "auth", f"serve.private[{number}]"),
                hash_variable(rule, "secret", f"serve.private[{number}]"),
            )
            for number, rule in enumerate(settings.private)
        )
        mistakes += [
            f"serve.private: {rule.feed!r} is not a folder of a feed"
            for rule in self._guarded
            if not rule.feed
        ]
        mistakes += [
            f"serve.private {rule.feed}: set auth or secret, or both"
            for rule in settings.private
            if not rule.auth and not rule.secret
        ]
        if mistakes:
            raise ConfigError(mistakes)
        self.everything = bool(self._auth)
        self.needed = self.everything or bool(self._guarded)

    def is_private(self, path: str) -> bool:
        """Return whether only some may read a document of the tree."""
        return self.everything or self._find_guard(path) is not None

    def _find_guard(self, path: str) -> _Guarded | None:
        for guarded in self._guarded:
            # The slash keeps a guard of `news` from covering a feed named `newsletter`.
            if path == guarded.feed or path.startswith(guarded.feed + "/"):
                return guarded
        return None

    def locate(self, path: str, authorization: bytes | None) -> Target:
        """Apply the access rules to a request for ``/path``.

        A secret address needs no password. Status 401 requests a password, 404 hides the feed.
        """
        # Secret addresses come first: feed readers that cannot send a password depend on them.
        if path.startswith(SECRET_PREFIX) and self._guarded:
            return self._locate_secret(path.removeprefix(SECRET_PREFIX))
        inside = path.removeprefix("/")
        given = _read_credentials(authorization)
        guard = self._find_guard(inside)
        if guard is not None:
            # Only the secret address opens this feed; 404 does not reveal that the feed exists.
            if not guard.auth and not self._auth:
                return Target("", 404)
            # The password of the whole server opens each of its feeds as well.
            if any(wanted and hmac.compare_digest(given, wanted) for wanted in (guard.auth, self._auth)):
                return Target(inside)
            return Target("", 401)
        if self._auth and not hmac.compare_digest(given, self._auth):
            return Target("", 401)
        return Target(inside)

    def _locate_secret(self, rest: str) -> Target:
        secret, slash, name = rest.partition("/")
        given = _hash_secret(secret.encode())
        for guarded in self._guarded:
            # A plain comparison would reveal by its duration how many characters are correct.
            if guarded.secret and hmac.compare_digest(given, guarded.secret):
                return Target(guarded.feed + slash + name)
        # A wrong secret is answered like a missing file, so that guessing learns nothing.
        return Target("", 404)

    def allows(self, authorization: bytes | None) -> bool:
        """Return whether the password of the whole server is correct, or none is needed."""
        return not self._auth or hmac.compare_digest(_read_credentials(authorization), self._auth)

    def operator(self, authorization: bytes | None) -> bool:
        """Return whether the token for ``/metrics`` and ``/status`` is correct, or none is set.

        It may be a bearer token, or the password of any user: browsers prompt for a password.
        """
        if not self._token:
            return True
        scheme, _, value = (authorization or b"").partition(b" ")
        given = value.strip()
        # RFC 9110, 11.1: names of schemes are case-insensitive.
        if scheme.lower() == b"basic":
            given = _decode_base64(given).partition(b":")[2]
        elif scheme.lower() != b"bearer":
            return False
        return hmac.compare_digest(_hash_secret(given), self._token)


def _hash_secret(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()


def _read_credentials(authorization: bytes | None) -> bytes:
    """Return the digest of the ``user:password`` of basic authentication; empty if there is none."""
    scheme, _, value = (authorization or b"").partition(b" ")
    decoded = _decode_base64(value.strip()) if scheme.lower() == b"basic" else b""
    # The digest of empty text would be a valid digest; empty bytes match no password.
    return _hash_secret(decoded) if decoded else b""


def _decode_base64(value: bytes) -> bytes:
    """Decode base64; empty if it is not valid."""
    try:
        # Without `validate`, Python skips characters outside the alphabet, and many texts would be the same password.
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return b""
