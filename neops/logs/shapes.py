"""What looks like a secret although nobody said that it is one: in logs, HTTP, and configurations of devices.

Patterns read single lines, and only those in which a hint of theirs stands. None takes longer than in proportion to the
length of the line: it is a device that writes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Final, NamedTuple

NAMES: Final = r"pass(?:word|wd|phrase)?|secret|token|api[_-]?key|private[_-]?key|community"
"""How fields are called that hold a secret."""

_LINE_END: Final = re.compile(r"((?:\r|\n)+)")
_WRITTEN_LINE_END: Final = re.compile(r"((?:\\r|\\n)+)")
"""As a repr has it: libraries log so what a device printed."""

_WORD: Final = r"""["']?[^\s"';{}<>]+"""
_KIND: Final = r"(?:(?:level\s+\d+|sha512|md5|encrypted|(?:irreversible-)?cipher|simple|[0-9])\s+)"
"""How a password is written down: `7 …`, `sha512 …`, Huawei's `irreversible-cipher …`."""
_HASH: Final = r"(?:(?:md5|sha\S*|hmac\S*|type\s+\S+|value|[0-9])\s+)"


class _Shape(NamedTuple):
    """`pattern` matches a secret; its group `keep`, which stands before it, stays."""

    hints: tuple[str, ...]
    pattern: str


_ACROSS_LINES: Final = (
    # RFC 7468 §10 and §11, and OpenSSH's PROTOCOL.key; also one that was cut off
    _Shape(("private key-----",), r"(?P<keep>-----BEGIN (?:[A-Z]+ ){0,3}PRIVATE KEY-----)(?s:(?!-----).)+"),
    # Junos' <community><name>public</name>; that of a routing policy has <members>
    _Shape(("<community>",), r"(?P<keep><community>\s*<name>)[^<>]+(?=</name>(?!\s*<members))"),
)

_IN_TEXT: Final = (
    # password=…, "password": "…", token: …, \"password\": \"…\"
    _Shape(
        ("pass", "secret", "token", "key", "community"),
        rf"(?P<keep>(?:{NAMES})\\*[\"']?\s*[=:]\s*)(?!Input should )"  # pydantic 2, of a value that it does not take
        r"""(?:b?"(?:[^"\\]|\\.)*"|b?'(?:[^'\\]|\\.)*'|\\+["'][^"'\\]*|["']?(?!["'{[\\])[^\s,;&"'}\])]+)""",
    ),
    # --password …
    _Shape(("--",), rf"(?P<keep>--(?:[a-z]+-){{0,4}}(?:{NAMES})\s+){_WORD}"),
    # Authorization: Basic …, Bearer …, Cookie: …
    _Shape(("authorization",), r"(?P<keep>\bauthorization[\"']?\s*[=:]\s*[\"']?(?:\w+\s+)?)[^\s\"',]+"),
    _Shape(("bearer",), r"(?P<keep>\bbearer\s+)[\w.~+/=-]{8,}"),
    _Shape(("cookie",), r"(?P<keep>\bcookie[\"']?\s*[=:]\s*[\"']?)[^\"']+"),
    # https://user:password@host, where the password may have a / or an @ that it should not have
    _Shape(("://",), r"(?P<keep>://[^/\s:@]{0,200}:)(?!\d+/)[^\s\"'<>]{1,200}(?=@)"),
    # Hashes of crypt(5), IOS (types 5, 8, 9) and Junos ($8$, $9$), and Huawei's own
    _Shape(("$",), r"(?P<keep>)\$(?:[156789]|2[abxy]?|g?y|sha1|aes1)\$[^\s\"';:,<>]{4,}"),
    _Shape(("%^%#",), r"(?P<keep>)%\^%#\S{1,200}?%\^%#"),
    # <password>…</password>
    _Shape(
        ("password>", "passphrase>", "secret>", "key>"),
        r"(?P<keep><(?:[\w.-]{0,80}(?:password|passphrase|secret)|(?:[\w.]{1,40}:)?(?:authentication|(?:pre-)?shared)-key)>"
        r"\s*)[^<>\s][^<>]*",
    ),
)

_IN_CONFIGURATIONS: Final = (
    # `enable secret 9 …`, `username x … password 7 …`, `super password level 3 cipher …`
    _Shape(("secret", "password"), rf"(?P<keep>\b(?:secret|password)\s+{_KIND}{{1,3}}){_WORD}"),
    # `enable password …`, `neighbor 192.0.2.1 password …`
    _Shape(
        ("secret", "password"),
        r"(?P<keep>\b(?:enable|isis|(?:username|neighbor|(?:radius|tacplus)\S{0,20})\s\S.{0,120}?)"
        rf"\s(?:secret|password)\s+)(?!(?:and|or|was|is)\b|{_KIND}){_WORD}",
    ),
    # A line of its own
    _Shape(
        ("secret", "password"),
        rf"(?P<keep>^\s*(?:secret|(?:(?:area|domain|plain-text|encrypted)-)?password(?:-value)?)\s+){_WORD}(?=[\"';\s]*$)",
    ),
    _Shape(("password",), rf"(?P<keep>\bpassword\s.{{0,80}}?\s(?:plaintext|sha1|sha256)\s+){_WORD}"),
    _Shape(
        ("password", "secret"),
        r"(?P<keep>\b(?:encrypted-password|(?:authentication|privacy)-password|secret)\s+[\"'])[^\"']+",
    ),
    # `tacacs-server host x key …`, `server-private x key 7 …`, `crypto isakmp key …`, a line `key …`
    _Shape(
        ("key",),
        rf"(?P<keep>\b(?:(?:tacacs|radius)\S{{0,20}}|server(?:-private)?|isakmp)\s(?:.{{0,120}}?\s)?key\s+(?:[0-9]\s+)?){_WORD}",
    ),
    _Shape(("key",), rf"(?P<keep>^\s+(?:shared-)?key\s+(?:[0-9]\s+)?)(?!chain\b|\d{{1,5}}\s*$){_WORD}(?=[\"';\s]*$)"),
    _Shape(("key",), rf"(?P<keep>(?<![\w-])key\s+[0-9]\s+){_WORD}"),
    _Shape(("key-string", "wpa-psk"), rf"(?P<keep>\b(?:key-string|wpa-psk\s+(?:ascii|hex))\s+(?:[0-9]\s+)?){_WORD}"),
    _Shape(
        ("shared-key",),
        r"(?P<keep>\bpre-shared-key\s+(?:(?:local|remote|ascii-text|hexadecimal|cipher|simple|[0-9])\s+){0,2})"
        rf"{_WORD}",
    ),
    # `ip ospf message-digest-key 1 md5 …`, `ntp authentication-key 1 md5 …`, Junos `authentication-key "…"`
    _Shape(
        ("authentication-key", "digest-key"),
        rf"(?P<keep>\b(?:authentication|digest)-key\s+(?:\d+\s+)?{_HASH}{{0,3}}){_WORD}",
    ),
    _Shape(
        ("authentication",),
        rf"(?P<keep>\b(?:standby|vrrp)\s+\d+\s+authentication\s+(?:text\s+)?)(?!(?:md5|text|mode)\b){_WORD}",
    ),
    # `snmp-server community public RO`, Junos `snmp { community public {`, Huawei `snmp-agent community read …`
    _Shape(
        ("community",),
        rf"(?P<keep>\bsnmp(?:-server|-agent)?\s+community\s+(?:(?:read|write|cipher|simple|[0-9])\s+){{0,3}}){_WORD}",
    ),
    _Shape(("community",), rf"(?P<keep>^\s*community\s+)(?:[\"'][^\"']+|(?![=:]){_WORD}(?=[\"']?\s*\{{))"),
    _Shape(
        ("snmp-server",),
        r"(?P<keep>\bsnmp-server\s+host\s+\S+\s+(?:(?:(?:use-)?vrf\s+\S+|traps?|informs?|version\s+(?:1|2c))\s+){0,3})"
        rf"(?!(?:version|traps?|informs?|(?:use-)?vrf|source-interface)\b){_WORD}",
    ),
    # `snmp-server user x auth sha … priv aes 128 …`
    _Shape(("auth",), rf"(?P<keep>\bauth\s+(?:md5|sha\S*)\s+){_WORD}"),
    _Shape(("priv",), rf"(?P<keep>\bpriv\s+(?:3?des|aes\S*)\s+(?:\d+\s+)?){_WORD}"),
    _Shape(("priv",), r"(?P<keep>\bpriv\s+)0x[0-9a-f]+"),
)


class _Shapes:
    """Some of the shapes, compiled, for texts in which one of their hints stands."""

    def __init__(self, shapes: Iterable[_Shape]) -> None:
        self._shapes = [(shape.hints, re.compile(shape.pattern, re.IGNORECASE)) for shape in shapes]
        self.hints = tuple(dict.fromkeys(hint for hints, _ in self._shapes for hint in hints))

    def masked(self, text: str, mask: str) -> str:
        lowered = text.lower()
        for hints, pattern in self._shapes:
            if any(hint in lowered for hint in hints):
                text = pattern.sub(rf"\g<keep>{mask}", text)
        return text


class _Reader:
    def __init__(self) -> None:
        self._across, self._text, self._config = map(_Shapes, (_ACROSS_LINES, _IN_TEXT, _IN_CONFIGURATIONS))
        self._hints = tuple(dict.fromkeys((*self._text.hints, *self._config.hints)))

    def masked(self, text: str, mask: str) -> str:
        if not self._may_have(text):
            return text
        text = self._across.masked(text, mask)
        return "".join(self._line(line, mask) for line in _LINE_END.split(text))

    def _line(self, line: str, mask: str) -> str:
        if not self._may_have(line):
            return line
        line = self._text.masked(line, mask)
        if "\\" not in line:
            return self._config.masked(line, mask)
        return "".join(self._config.masked(part, mask) for part in _WRITTEN_LINE_END.split(line))

    def _may_have(self, text: str) -> bool:
        lowered = text.lower()
        return any(hint in lowered for hint in self._hints)


@cache
def _reader() -> _Reader:
    return _Reader()


def without_shapes(text: str, mask: str) -> str:
    """The text with the mask for all that looks like a secret."""
    return _reader().masked(text, mask)
