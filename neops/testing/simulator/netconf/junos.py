"""Junos' own operations, beside those of RFC 6241 (Junos XML Management Protocol Developer Guide, 21.4)."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from neops.testing.simulator.configuration import LineRejected, Section, copy, flatten
from neops.testing.simulator.device import DeviceState
from neops.testing.simulator.dialects import Statements
from neops.testing.simulator.differences import difference
from neops.testing.simulator.editing import CONFIRM_MINUTES
from neops.testing.simulator.netconf.errors import RpcRefused
from neops.testing.simulator.netconf.operations import OK, Operation, Operations
from neops.testing.simulator.netconf.tree import filtered
from neops.testing.simulator.shell import Shell

LOADED = "load-configuration-results"


class JunosOperations(Operations):
    """Takes and gives texts in braces and `set` lines as well, and answers commands of the command line as text."""

    def __init__(self, device: DeviceState, session_id: int) -> None:
        super().__init__(device, session_id)
        self._device = device
        dialect = device.platform.dialect
        assert isinstance(dialect, Statements)
        self._dialect = dialect

    def known(self) -> Mapping[str, Operation]:
        return {
            **super().known(),
            "get-configuration": self._get_configuration,
            "load-configuration": self._load_configuration,
            "commit-configuration": self._commit_configuration,
            "lock-configuration": lambda _rpc: self.lock("candidate"),
            "unlock-configuration": lambda _rpc: self.unlock("candidate"),
            "open-configuration": lambda _rpc: OK,
            "close-configuration": lambda _rpc: OK,
            "command": self._command,
        }

    def _get_configuration(self, rpc: Element) -> str:
        if rpc.get("compare") == "rollback":
            return self._compared(int(rpc.get("rollback", "0")))
        committed = rpc.get("database") == "committed"
        section = self._store.running if committed else self.candidate
        match rpc.get("format", "xml"):
            case "text":
                text = self._dialect.render(section)
                return f"<configuration-text>\n{escape(text)}\n</configuration-text>"
            case "set":
                lines = "\n".join(f"set {line}" for line in flatten(section))
                return f"<configuration-set>\n{escape(lines)}\n</configuration-set>"
        tree = self.tree(section)
        wanted = rpc.find(tree.tag)
        found = tree if wanted is None else filtered(tree, wanted)
        return self.written(found if found is not None else Element(tree.tag))

    def _compared(self, steps: int) -> str:
        text = difference("edits", self._rolled_back(steps), self.candidate, self._dialect)
        output = escape(f"\n{text}\n" if text else "\n")
        output = f"<configuration-output>{output}</configuration-output>"
        return f"<configuration-information>{output}</configuration-information>"

    def _rolled_back(self, steps: int) -> Section:
        try:
            return self._store.rolled_back(steps)
        except IndexError:
            raise RpcRefused("operation-failed", f"could not open configuration file: rollback {steps}") from None

    def _load_configuration(self, rpc: Element) -> str:
        if (steps := rpc.get("rollback")) is not None:
            self.store_as("candidate", self._rolled_back(int(steps)))
            return f"<{LOADED}>{OK}</{LOADED}>"
        edited: Section = {} if rpc.get("action") in ("override", "update") else copy(self.candidate)
        try:
            self._load(edited, rpc)
        except LineRejected as rejected:
            word = rejected.line.split()[rejected.at]
            raise RpcRefused("operation-failed", "syntax error", bad_element=word, wrapper=LOADED) from None
        except RpcRefused as refused:
            refused.wrapper = LOADED
            raise
        self.store_as("candidate", edited)
        return f"<{LOADED}>{OK}</{LOADED}>"

    def _load(self, section: Section, rpc: Element) -> None:
        if (text := rpc.findtext("configuration-text")) is not None:
            self._dialect.merge_text(section, text)
        elif (lines := rpc.findtext("configuration-set")) is not None:
            for line in filter(None, map(str.strip, lines.splitlines())):
                self._dialect.apply(section, (), line)
        elif (wanted := rpc.find("configuration")) is not None:
            self.edit(section, wanted, "merge")
        else:
            raise RpcRefused("missing-element", "no configuration is given")

    def _commit_configuration(self, rpc: Element) -> str:
        if rpc.find("check") is not None:
            return OK
        if rpc.find("confirmed") is None:
            return self.commit()
        return self.commit(float(rpc.findtext("confirm-timeout") or CONFIRM_MINUTES) * 60)

    def _command(self, rpc: Element) -> str:
        command = (rpc.text or "").strip()
        if rpc.get("format", "xml") != "text":
            raise RpcRefused("operation-failed", "syntax error, expecting <command>")
        shell = Shell(self._device)
        reply = shell.execute(command)
        shell.close()
        if reply.failed:
            raise RpcRefused("operation-failed", reply.text.strip())
        return f"<output>\n{escape(reply.text)}\n</output>"
