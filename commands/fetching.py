"""Documents from the web, for a verification that asks for them: few, small, from public hosts.

Only HTTPS, only hosts that were allowed by name, only addresses that everybody can reach, no
redirects, and a bound on bytes and seconds. The connection goes to the very address that was looked
at, so that a name can not change its meaning in between.
"""

from __future__ import annotations

import socket
import ssl
from http.client import HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from interchange.did import is_public
from interchange.documents import LARGEST
from interchange.verify import UnreachableError

#: For how many seconds an answer is waited for.
_PATIENCE = 10
#: How many documents one verification may ask for.
_MOST = 20


class _Pinned(HTTPSConnection):
    """A connection to an address that was looked at, under the name that was asked for."""

    def __init__(self, host: str, port: int, address: str) -> None:
        super().__init__(host, port, timeout=_PATIENCE, context=ssl.create_default_context())
        self._address = address
        self._tls = ssl.create_default_context()

    def connect(self) -> None:
        plain = socket.create_connection((self._address, self.port), _PATIENCE)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)


class Fetcher:
    """Fetches from hosts that are allowed, such as `example.edu` or `example.edu:8443`."""

    def __init__(self, allowed: tuple[str, ...]) -> None:
        """Allow hosts; without any, nothing is fetched."""
        self._allowed = frozenset(host.lower() for host in allowed)
        self._asked = 0

    def __call__(self, address: str) -> bytes:
        """Return the bytes at an address. Raises `UnreachableError`."""
        try:
            parts = urlsplit(address)
            host, port = parts.hostname or "", parts.port or 443
        except ValueError:
            raise UnreachableError(f"`{address[:200]}` is no address") from None
        if parts.scheme != "https" or not host or parts.username is not None:
            raise UnreachableError(f"`{address[:200]}` is no https address that can be followed")
        if not {host, parts.netloc.lower()} & self._allowed:
            raise UnreachableError(
                f"`{address[:200]}` was not followed",
                f"allow it with --allow {parts.netloc}, or give a copy with --with FILE",
            )
        self._asked += 1
        if self._asked > _MOST:
            raise UnreachableError(f"more than {_MOST} addresses were to be followed")
        target = parts.path or "/"
        return self._get(host, port, target + (f"?{parts.query}" if parts.query else ""))

    def _get(self, host: str, port: int, target: str) -> bytes:
        try:
            found = {str(info[4][0]) for info in socket.getaddrinfo(host, port, proto=6)}
            if not found or not all(map(is_public, found)):
                raise UnreachableError(f"`{host}` is in a private network, which is not looked at")
            connection = _Pinned(host, port, min(found))
            try:
                connection.request("GET", target, headers={"Accept": "application/json, */*"})
                answer = connection.getresponse()
                data = answer.read(LARGEST + 1)
            finally:
                connection.close()
        except (OSError, HTTPException, UnicodeError) as error:
            # What the system says of it, without the number that it has there.
            words = (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()
            raise UnreachableError(f"`{host}` does not answer: {words}") from error
        if answer.status != 200:
            raise UnreachableError(f"`{host}` answers with {answer.status} for `{target[:200]}`")
        if len(data) > LARGEST:
            raise UnreachableError(f"`{host}` answers with more than {LARGEST:,} bytes")
        return data
