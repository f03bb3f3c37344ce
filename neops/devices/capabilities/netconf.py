"""Speaking NETCONF."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Sequence
from typing import Protocol, runtime_checkable


@runtime_checkable
class SpeaksNetconf(Protocol):
    """Speaks NETCONF (RFC 6241): for what a device's YANG modules have and no other capability reads. XML is text here.

    It is no vendor's own, so a block may ask for it; what the XML says mostly is. Changes are better made with
    WritesConfig, which ends what it began.
    """

    @abstractmethod
    def netconf_capabilities(self) -> Awaitable[Sequence[str]]:
        """What the server announced: protocol capabilities and YANG modules, as URIs."""
        ...

    @abstractmethod
    def get(self, subtree: str = "") -> Awaitable[str]:
        """Running configuration and state, as `<data>`; `subtree` (RFC 6241 §6) says which of it. All may be long.

        Raises:
            CommandRejected: the server answered with an error.
        """
        ...

    @abstractmethod
    def get_datastore(self, source: str = "running", subtree: str = "") -> Awaitable[str]:
        """Configuration from a datastore, as `<config>`.

        Raises:
            CommandRejected: the server answered with an error; it may not have this datastore.
        """
        ...

    @abstractmethod
    def rpc(self, request: str) -> Awaitable[str]:
        """Any operation, `<get-schema …>…</get-schema>`, without the `<rpc>` around it; what its reply holds.

        Raises:
            CommandRejected: the server answered with an error.
            UsageError: it is not one element of XML, or leaves something in the session, as a lock does.
        """
        ...
