"""What a NETCONF server answers when it does not do what was asked (RFC 6241 section 4.3 and appendix A)."""

from __future__ import annotations

from xml.sax.saxutils import escape


class RpcRefused(Exception):
    """Answered with an `rpc-error`; `tag` is one of RFC 6241's error tags.

    `holder` is the id of the session that has the lock, `wrapper` an element around the error.
    """

    def __init__(
        self, tag: str, message: str, *, bad_element: str = "", holder: int | None = None, wrapper: str = ""
    ) -> None:
        super().__init__(message)
        self.tag, self.message, self.bad_element, self.holder, self.wrapper = tag, message, bad_element, holder, wrapper

    def xml(self) -> str:
        info = f"<bad-element>{escape(self.bad_element)}</bad-element>" if self.bad_element else ""
        info += f"<session-id>{self.holder}</session-id>" if self.holder is not None else ""
        error = (
            "<rpc-error>"
            f"<error-type>{'protocol' if self.tag in _PROTOCOL else 'application'}</error-type>"
            f"<error-tag>{self.tag}</error-tag><error-severity>error</error-severity>"
            f"<error-message>{escape(self.message)}</error-message>"
            f"{f'<error-info>{info}</error-info>' if info else ''}"
            "</rpc-error>"
        )
        return f"<{self.wrapper}>{error}</{self.wrapper}>" if self.wrapper else error


_PROTOCOL = ("lock-denied", "operation-not-supported", "malformed-message", "missing-element", "unknown-element")
