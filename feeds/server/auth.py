"""Private feeds: who may read what (RFC 7617, RFC 6750). Secrets come from the environment."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass

from feeds.config import Serve
from feeds.errors import ConfigError

SECRET_PREFIX = "/private/"  # noqa: S105 - where secret addresses begin
_ENV = "env:"
_SHORTEST_SECRET = 16


@dataclass(frozen=True, slots=True)
class Place:
    """What a path means after the rules of access: the path in the tree, or the status of a refusal."""

    path: str
    refused: int = 0


@dataclass(frozen=True, slots=True)
class _Guarded:
    feed: str
    auth: bytes
    secret: bytes


class Access:
    """The rules of one server; ``everything`` says that the whole tree is private."""

    def __init__(self, settings: Serve, environment: Mapping[str, str] = os.environ) -> None:
        """Resolve the secrets.

        Raises:
            ConfigError: a variable is missing or unfit; every mistake is named, no secret is.
        """
        mistakes: list[str] = []

        def secret(text: str, key: str, *, login: bool = False, shortest: int = 1) -> bytes:
            if not text:
                return b""
            try:
                return _digest(secret_of(text, key, environment, login=login, shortest=shortest).encode())
            except ConfigError as error:
                mistakes.extend(error.mistakes)
                return b""

        self._auth = secret(settings.auth, "serve.auth", login=True)
        self._token = secret(settings.token, "serve.token")
        self._guarded = tuple(
            _Guarded(
                one.feed.strip("/"),
                secret(one.auth, f"serve.private {one.feed}: auth", login=True),
                secret(one.secret, f"serve.private {one.feed}: secret", shortest=_SHORTEST_SECRET),
            )
            for one in settings.private
        )
        mistakes += [
            f"serve.private: {one.feed!r} is no folder of a feed" for one in self._guarded if not one.feed
        ]
        mistakes += [
            f"serve.private {one.feed}: set auth or secret, or both"
            for one in settings.private
            if not one.auth and not one.secret
        ]
        if mistakes:
            raise ConfigError(mistakes)
        self.everything = bool(self._auth)
        self.needed = self.everything or bool(self._guarded)

    def is_private(self, path: str) -> bool:
        """Whether a document of the tree is for some only."""
        return self.everything or self._guard(path) is not None

    def _guard(self, path: str) -> _Guarded | None:
        for one in self._guarded:
            if path == one.feed or path.startswith(one.feed + "/"):
                return one
        return None

    def place(self, path: str, authorization: bytes | None) -> Place:
        """Where a request for ``/path`` leads.

        A secret address leads to its feed without more. 401 asks for a password, 404 hides.
        """
        if path.startswith(SECRET_PREFIX) and self._guarded:
            return self._secret_place(path.removeprefix(SECRET_PREFIX))
        inside = path.removeprefix("/")
        given = _credentials(authorization)
        guard = self._guard(inside)
        if guard is not None:
            if not guard.auth and not self._auth:
                return Place("", 404)
            if any(wanted and hmac.compare_digest(given, wanted) for wanted in (guard.auth, self._auth)):
                return Place(inside)
            return Place("", 401)
        if self._auth and not hmac.compare_digest(given, self._auth):
            return Place("", 401)
        return Place(inside)

    def _secret_place(self, rest: str) -> Place:
        secret, slash, name = rest.partition("/")
        given = _digest(secret.encode())
        for one in self._guarded:
            if one.secret and hmac.compare_digest(given, one.secret):
                return Place(one.feed + slash + name)
        return Place("", 404)

    def admits(self, authorization: bytes | None) -> bool:
        """Whether the password of the whole server is given, or none is needed."""
        return not self._auth or hmac.compare_digest(_credentials(authorization), self._auth)

    def operator(self, authorization: bytes | None) -> bool:
        """Whether the token for ``/metrics`` and ``/status`` is given, or none is set.

        As a bearer token, or as the password of any user: browsers ask for that.
        """
        if not self._token:
            return True
        scheme, _, value = (authorization or b"").partition(b" ")
        given = value.strip()
        if scheme.lower() == b"basic":
            given = _decoded(given).partition(b":")[2]
        elif scheme.lower() != b"bearer":
            return False
        return hmac.compare_digest(_digest(given), self._token)


def secret_of(
    text: str, key: str, environment: Mapping[str, str], *, login: bool = False, shortest: int = 1
) -> str:
    """The secret that ``env:NAME`` stands for.

    Raises:
        ConfigError: it is not of that form, the variable is missing, or what it holds is unfit.
    """
    name = text.removeprefix(_ENV)
    if not text.startswith(_ENV) or not name:
        raise ConfigError([f"{key}: write env:NAME; a secret does not belong in the file"])
    value = environment.get(name, "")
    if len(value) < shortest:
        raise ConfigError([f"{key}: set the environment variable {name} ({shortest} characters or more)"])
    if login and not value.partition(":")[2]:
        raise ConfigError([f"{key}: the environment variable {name} must hold user:password"])
    return value


def _digest(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()


def _credentials(authorization: bytes | None) -> bytes:
    """Digest of the ``user:password`` of basic authentication; of nothing if there is none."""
    scheme, _, value = (authorization or b"").partition(b" ")
    decoded = _decoded(value.strip()) if scheme.lower() == b"basic" else b""
    return _digest(decoded) if decoded else b""


def _decoded(value: bytes) -> bytes:
    """What base64 hides; nothing if it is none."""
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return b""
