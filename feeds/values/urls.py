"""Web addresses: resolve them, make them canonical for comparison, make them valid for output."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit, urlunsplit

from feeds._resources import read_packaged_list

CANONICAL_RULE = 3
"""Number of the rule that :func:`canonicalise` follows; keys that the store has by an older rule are computed again.

Address rule 3 (docs/reference/identity.md) writes names of hosts by UTS 46, non-transitional, as browsers do; address rule 2
by IDNA 2003 (:func:`canonicalise_by_rule_2`).
"""

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_BAD = re.compile(r"[\x00-\x20\x7f\\]")
# Characters that no browser accepts in a host (WHATWG URL, forbidden domain code points).
_FORBIDDEN_IN_HOST = re.compile(r"[\x00-\x20#/:<>?@\[\\\]^|%\x7f]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_NOT_IN_ADDRESSES = re.compile(
    r"[<>\"{}|\\^`\x00-\x20\x7f-\x9f\u200e\u200f\u202a-\u202e\ue000-\uf8ff\ufdd0-\ufdef\ufff0-\uffff]"
)
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_FEED_SCHEME = re.compile(
    r"(?:feed|feeds|itpc|itpcs|itms-pcast|itms-podcast|pcast|podcast|podcasts|rss):(?:/{0,2}(https?://)|//)",
    re.IGNORECASE,
)
_BARE_HOST = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?:[:/?].*)?$")
_AUTHORITY = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://[^/?#]*")
_BRACKET = re.compile(r"[\[\]]")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_SCRIPT_SCHEMES = frozenset(("javascript:", "vbscript:", "livescript:", "data:"))
_USER = re.compile(r"^(\s*(?:[A-Za-z][A-Za-z0-9+.\-]*:)?//)[^/?#\\]*@")
_PORTS = {"http": 80, "https": 443}
_LONGEST_HOST = 1000
"""Characters of a host's name before it is encoded; a name has at most 253 after that."""
_SAFE = "%!$&'()*+,;=:@/?~-._"
_PLAIN = re.compile(
    r"https?://[a-z0-9\-]+(?:\.[a-z0-9\-]+)*(?::\d+)?(?:/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9A-F]{2})*)?(?:#[A-Za-z0-9\-._~!$&'()*+,;=:@/?]*)?"
)
# An address that is in its canonical form but for the scheme, as nearly all are.
_USUAL = re.compile(
    r"https?://([a-z0-9-]+(?:\.[a-z0-9-]+)+)(/[A-Za-z0-9\-._~!$&'()*+,;=:@/]*)?(?:\?([A-Za-z0-9\-._~!$&'()*+,;=:@/?]+))?"
)
_FOLDER = re.compile(r"https?://[a-z0-9.\-]+(?::\d{1,4})?/(?:[A-Za-z0-9_~-]+/)*")
_BELOW = re.compile(r"[A-Za-z0-9_~%-][A-Za-z0-9_~%.-]*(?:/[A-Za-z0-9_~%-][A-Za-z0-9_~%.-]*)*/?")


@cache
def _compile_tracking() -> re.Pattern[str]:
    names = map(re.escape, read_packaged_list("data/tracking_parameters.txt"))
    return re.compile("|".join(names).replace(r"\*", ".*"), re.IGNORECASE)


def _split(
    address: str, encode_host: Callable[[SplitResult], str]
) -> tuple[str, str, int | None, str, str, str] | None:
    """Return scheme, host, port, path, query and fragment; None if it is not a web address."""
    try:
        parts = urlsplit(address.strip())
        host, port = encode_host(parts), parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not _is_possible(host):
        return None
    return parts.scheme, host, port, parts.path, parts.query, parts.fragment


def _is_possible(host: str) -> bool:
    """Return whether a host can have this name, a result of :func:`_encode_host`."""
    if not host.startswith("["):
        return host != "" and "%" not in host
    from ipaddress import AddressValueError, IPv6Address

    try:
        return IPv6Address(host[1:-1]).scope_id is None
    except AddressValueError:
        return False


def _encode_host(parts: SplitResult) -> str:
    """Return the host as addresses write it; percent-encoded if no host can have that name."""
    host = parts.hostname or ""
    if not host.isascii():
        # As written: the library's own lower case is not that of UTS 46 (a final sigma).
        host = parts.netloc.rpartition("@")[2].partition(":")[0]
    return _write_host(host, _encode_by_uts_46)


def _encode_host_by_rule_2(parts: SplitResult) -> str:
    return _write_host((parts.hostname or "").lower(), _encode_by_idna_2003)


def _write_host(host: str, encode: Callable[[str], str]) -> str:
    host = host.rstrip(".")
    if host.isascii():
        host = host.lower()
    if ":" in host:
        return f"[{quote(host, safe=':', errors='replace')}]"
    plain = unquote(host, errors="replace") if "%" in host else host
    try:
        plain = (plain if plain.isascii() else encode(plain)).rstrip(".").lower()
    except UnicodeError:
        return quote(host, errors="replace")
    return quote(host, errors="replace") if _FORBIDDEN_IN_HOST.search(plain) else plain


def _encode_by_uts_46(host: str) -> str:
    """Encode a name in ASCII by UTS 46, non-transitional; else by IDNA 2003 (emoji, for instance).

    Raises:
        UnicodeError: Neither standard has an encoding.
    """
    import idna

    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except idna.IDNAError:
        return _encode_by_idna_2003(host)


def _encode_by_idna_2003(host: str) -> str:
    if len(host) > _LONGEST_HOST:
        raise UnicodeError("longer than any name")
    return host.encode("idna").decode("ascii")


def _normalise_escapes(text: str) -> str:
    """Normalise percent-encoding (RFC 3986, 6.2.2): upper case, and none where it is not needed."""

    def decode_unreserved(match: re.Match[str]) -> str:
        character = chr(int(match[1], 16))
        return character if character in _UNRESERVED else match[0].upper()

    text = quote(text, safe=_SAFE)
    normal = _ESCAPE.sub(decode_unreserved, text)
    # A stray percent sign now precedes decoded digits.
    if _ESCAPE.sub(decode_unreserved, normal) != normal:
        normal = _ESCAPE.sub(decode_unreserved, _STRAY_PERCENT.sub("%25", text))
    return normal


@lru_cache(maxsize=4096)
def canonicalise(address: str) -> str:
    """Return the form in which all addresses of one page are equal; empty if it is not a web address.

    Host in lower case, http as https, no default port, percent-encoding normalised, no tracking parameters.
    Path, fragment and the order of the query are kept.
    """
    usual = _USUAL.fullmatch(address)
    if usual:
        host, path, query = usual.groups()
        query = _remove_tracking(query) if query else ""
        return f"https://{host}{path or '/'}{'?' if query else ''}{query}"
    return canonicalise_unusual(address)


def canonicalise_unusual(address: str) -> str:
    """Do what :func:`canonicalise` does, for addresses in any form (without the fast path)."""
    return _canonicalise(address, _encode_host)


def canonicalise_by_rule_2(address: str) -> str:
    """Return the result by address rule 2 (docs/reference/identity.md), for values that older versions stored."""
    return _canonicalise(address, _encode_host_by_rule_2)


def _canonicalise(address: str, encode_host: Callable[[SplitResult], str]) -> str:
    found = _split(_replace_surrogates(address), encode_host)
    if not found:
        return ""
    scheme, host, port, path, query, fragment = found
    netloc = host if port in (None, _PORTS[scheme], _PORTS["https"]) else f"{host}:{port}"
    query = _remove_tracking(query) if query else ""
    return urlunsplit(
        (
            "https",
            netloc,
            _normalise_escapes(path) or "/",
            _normalise_escapes(query),
            _normalise_escapes(fragment),
        )
    )


def _replace_surrogates(text: str) -> str:
    """Replace lone surrogates: encoded, each would become a question mark, which begins a query."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def _remove_tracking(query: str) -> str:
    return "&".join(p for p in query.split("&") if not _compile_tracking().fullmatch(p.partition("=")[0]))


def without_user(address: str) -> str:
    """Return the address without user name and password, so that it may be shown or published."""
    return _USER.sub(r"\1", address) if "@" in address else address


def has_login(address: str) -> bool:
    """Return whether an address contains a user name or a password."""
    return "@" in address and _USER.match(address) is not None


def strip_address(address: str) -> str:
    """Return the address without user, query and fragment, so that references to it reveal no secret."""
    return without_user(address).partition("#")[0].partition("?")[0]


def redact_name(name: str) -> str:
    """Return the name of a source without secrets: names from lists contain the address of the feed."""
    source, slash, rest = name.partition("?")[0].partition("/")
    return source + slash + without_user(f"//{rest}").removeprefix("//")


def is_same_document(address: str, other: str) -> bool:
    """Return whether two addresses name one document, whatever their fragment and user name."""
    first, second = (canonicalise(without_user(text.partition("#")[0])) for text in (address, other))
    return first != "" and first == second


def is_root(address: str) -> bool:
    """Return whether an address is the root of a site: that identifies no page, so it is not a key."""
    usual = _USUAL.fullmatch(address)
    if usual:
        return usual[2] in (None, "/") and not usual[3]
    found = _split(address, _encode_host)
    return bool(found) and found is not None and found[3] in ("", "/") and not found[4]


def is_address(text: str) -> bool:
    """Return whether ``text`` is an absolute web address (http or https, with a host)."""
    return _USUAL.fullmatch(text) is not None or (
        not _BAD.search(text) and _split(text, _encode_host) is not None
    )


def find_feed_address(text: str) -> str:
    """Return the web address of a feed that programs pass to feed readers or podcast apps.

    ``feed:https://…``, ``feed://…``, ``itpc://…`` and similar become web addresses, spaces are escaped, and a name
    without a scheme gets ``https``. Other text stays as it is.
    """
    address = text.strip()
    if found := _FEED_SCHEME.match(address):
        address = (found[1] or "http://") + address[found.end() :]
    if address.startswith("//") or (_BARE_HOST.match(address) and not _SCHEME.match(address)):
        address = "https://" + address.removeprefix("//")
    return escape_address(address) or address


def escape_address(text: str) -> str:
    """Escape characters that no address may have (RFC 3987, 2.2); empty if it is not a web address."""
    if not _NOT_IN_ADDRESSES.search(text) and "]" not in text and "[" not in text:
        return _escape_stray(text) if is_address(text) else ""
    escaped = _NOT_IN_ADDRESSES.sub(_escape_character, text.strip())
    # Brackets are for hosts alone (RFC 3986, 3.2.2).
    host = _AUTHORITY.match(escaped)
    end = host.end() if host else 0
    escaped = escaped[:end] + _BRACKET.sub(_escape_character, escaped[end:])
    return _escape_stray(escaped) if is_address(escaped) else ""


def _escape_character(found: re.Match[str]) -> str:
    return quote(found[0], safe="")


def _escape_stray(address: str) -> str:
    """Escape percent signs that begin no escape, and all number signs but the first."""
    if "%" in address:
        address = _STRAY_PERCENT.sub("%25", address)
    if address.count("#") > 1:
        bare, _, fragment = address.partition("#")
        address = f"{bare}#{fragment.replace('#', '%23')}"
    return address


def is_absolute_iri(text: str) -> bool:
    """Return whether ``text`` is an absolute IRI (RFC 3987): a scheme, something after it, no spaces.

    Schemes that run the rest as a program (``javascript:``) do not count.
    """
    found = _SCHEME.match(text)
    if found and found[0].lower() in _SCRIPT_SCHEMES:
        return False
    if not found or len(text) == found.end() or _BAD.search(text) or any(c in '<>"{}|^`' for c in text):
        return False
    return not text.lower().startswith(("http:", "https:")) or _split(text, _encode_host) is not None


def is_entry_id(text: str) -> bool:
    """Return whether a text is valid as the id of an entry: an absolute IRI, and a UUID if it is called one (RFC 9562, 4)."""
    is_uuid = text[:9].lower() == "urn:uuid:"
    return is_absolute_iri(text) and (not is_uuid or _UUID.fullmatch(text, 9) is not None)


def resolve(base: str, reference: str) -> str:
    """Return the absolute address of a reference on the page ``base`` (RFC 3986, 5); empty if none."""
    if _BELOW.fullmatch(reference) and _FOLDER.fullmatch(base):
        return base + reference
    return resolve_unusual(base, reference)


def resolve_unusual(base: str, reference: str) -> str:
    """Do what :func:`resolve` does, for references in any form (without the fast path)."""
    text = re.sub(r"[\t\r\n]", "", reference).strip()
    if _BAD.search(text.replace(" ", "")):
        return ""
    if text.startswith("//"):
        text = (base.partition(":")[0] if _SCHEME.match(base) else "https") + ":" + text
    if _SCHEME.match(text):
        return text
    try:
        joined = urljoin(base, text)
    except ValueError:
        return ""
    return joined if _SCHEME.match(joined) else ""


def iri_to_uri(address: str) -> str:
    """Return the same address in ASCII (RFC 3987, 3.1); a valid URI is unchanged."""
    if _PLAIN.fullmatch(address):
        return address
    return convert_unusual_iri(address)


def convert_unusual_iri(address: str) -> str:
    """Do what :func:`iri_to_uri` does, for addresses in any form (without the fast path)."""
    address = _replace_surrogates(address)
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return quote(address, safe=_SAFE + "#")
    netloc = parts.netloc
    if host and parts.scheme in _PORTS:
        user, at, _ = netloc.rpartition("@")
        netloc = quote(user, safe=_SAFE) + at + _encode_host(parts) + (f":{port}" if port is not None else "")
    else:
        netloc = quote(netloc, safe=_SAFE + "[]")
    path, query, fragment = (_escape(part) for part in (parts.path, parts.query, parts.fragment))
    bare, mark, _ = address.partition("#")
    # `urlunsplit` drops an empty query or fragment, but a valid URI must stay unchanged.
    end = ("?" if not query and bare.endswith("?") else "") + mark + fragment
    return urlunsplit((parts.scheme, netloc, path, query, "")) + end


def _escape(text: str) -> str:
    """Percent-encode what a URI may not contain, stray percent signs too."""
    return quote(_STRAY_PERCENT.sub("%25", text), safe=_SAFE)
