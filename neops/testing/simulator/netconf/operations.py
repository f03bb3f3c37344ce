"""What one NETCONF session does to a device: the operations of RFC 6241 on candidate and running configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias
from xml.etree.ElementTree import Element, tostring

from neops.testing.simulator.configuration import ConfigurationLocked, Section, copy
from neops.testing.simulator.device import DeviceState
from neops.testing.simulator.dialects import Statements
from neops.testing.simulator.netconf.errors import RpcRefused
from neops.testing.simulator.netconf.tree import ConfigurationXml, filtered

OK = "<ok/>"
CONFIRM_TIMEOUT_S = 600.0  # RFC 6241 section 8.4.5.1

Operation: TypeAlias = Callable[[Element], str]


class Operations:
    """The operations by their element; each gives the content of the reply, as XML text.

    Sessions share one candidate. What a session has locked is dropped when it ends, and so is a commit to be confirmed
    that only this session could confirm (RFC 6241 sections 8.3 and 8.4).
    """

    def __init__(self, device: DeviceState, session_id: int) -> None:
        data, dialect = device.platform.data, device.platform.dialect
        assert data.netconf is not None
        assert data.configuration is not None
        assert isinstance(dialect, Statements)
        self.session_id = session_id
        self._store, self._netconf = device.datastore, data.netconf
        self._xml = ConfigurationXml(data.configuration, data.netconf, dialect)
        self._locks: set[str] = set()
        self._confirms_itself = False

    def known(self) -> Mapping[str, Operation]:
        return {
            "get": self._get,
            "get-config": self._get_config,
            "edit-config": self._edit_config,
            "copy-config": self._copy_config,
            "lock": lambda rpc: self.lock(_named(rpc, "target")),
            "unlock": lambda rpc: self.unlock(_named(rpc, "target")),
            "validate": self._validate,
            "commit": self._commit,
            "cancel-commit": self._cancel_commit,
            "discard-changes": lambda _rpc: self.discard(),
            "close-session": lambda _rpc: OK,
        }

    def close(self) -> None:
        """The session is gone."""
        if "candidate" in self._locks:
            self._store.shared = None
        self._store.unlock(self)
        if self._confirms_itself:
            self._store.revert()

    # the candidate

    @property
    def candidate(self) -> Section:
        return self._store.running if self._store.shared is None else self._store.shared

    def lock(self, target: str) -> str:
        foreign = self._store.shared_changed and not self._locks
        if target == "candidate" and foreign:
            raise RpcRefused("lock-denied", "configuration database modified", holder=0)
        if target == "running" and self._store.awaits_confirmation and not self._confirms_itself:
            raise RpcRefused("lock-denied", "a commit waits to be confirmed", holder=0)  # RFC 6241 section 7.5
        try:
            self._store.lock(self)
        except ConfigurationLocked:
            raise RpcRefused("lock-denied", "configuration database locked", holder=self._holder()) from None
        self._locks.add(target)
        return OK

    def unlock(self, target: str) -> str:
        if target not in self._locks:
            raise RpcRefused("operation-failed", f"{target} is not locked by this session")
        self._locks.discard(target)
        if target == "candidate":
            self._store.shared = None
        if not self._locks:
            self._store.unlock(self)
        return OK

    def discard(self) -> str:
        self._refuse_if_locked()
        self._store.shared = None
        return OK

    def commit(self, confirm_within_s: float | None = None) -> str:
        """Make the candidate run; a commit that waits to be confirmed is confirmed by the next one."""
        self._refuse_if_locked()
        if confirm_within_s is None and not self._store.shared_changed:
            self._store.confirm()
        else:
            self._store.commit(self.candidate, confirm_within_s)
        self._store.shared, self._confirms_itself = None, False
        return OK

    # operations

    def _get(self, rpc: Element) -> str:
        return self._data(self._store.running, rpc.find("filter"))

    def _get_config(self, rpc: Element) -> str:
        return self._data(self._stored(_named(rpc, "source")), rpc.find("filter"))

    def _data(self, section: Section, wanted: Element | None) -> str:
        tree = self.tree(section)
        if wanted is not None:
            selector = wanted.find(tree.tag)
            found = filtered(tree, selector) if selector is not None else None
            return "<data/>" if found is None else f"<data>{self.written(found)}</data>"
        return f"<data>{self.written(tree)}</data>"

    def written(self, tree: Element) -> str:
        tree.set("xmlns", self._netconf.namespace)
        return tostring(tree, encoding="unicode")

    def tree(self, section: Section) -> Element:
        return self._xml.whole(section)

    def _edit_config(self, rpc: Element) -> str:
        target, wanted = _named(rpc, "target"), _configuration(rpc, self._netconf.root)
        operation = rpc.findtext("default-operation", "merge").strip()
        test_only = rpc.findtext("test-option", "").strip() == "test-only"
        edited = copy(self._stored(target))
        self.edit(edited, wanted, operation)
        if not test_only:
            self.store_as(target, edited)
        return OK

    def edit(self, section: Section, wanted: Element, operation: str) -> None:
        self._xml.edit(section, wanted, operation)

    def _copy_config(self, rpc: Element) -> str:
        source = rpc.find("source")
        if source is not None and source.find("config") is not None:
            edited: Section = {}
            self.edit(edited, _configuration(source, self._netconf.root), "merge")
        else:
            edited = copy(self._stored(_named(rpc, "source")))
        self.store_as(_named(rpc, "target"), edited)
        return OK

    def _validate(self, rpc: Element) -> str:
        self._stored(_named(rpc, "source"))
        return OK

    def _commit(self, rpc: Element) -> str:
        if self._store.awaits_confirmation and (rpc.findtext("persist-id") or "") != self._store.persist_id:
            raise RpcRefused("invalid-value", "a commit waits to be confirmed with another persist-id")
        if rpc.find("confirmed") is None:
            return self.commit()
        seconds = float(rpc.findtext("confirm-timeout") or CONFIRM_TIMEOUT_S)
        self.commit(seconds)
        self._store.persist_id = rpc.findtext("persist") or ""
        self._confirms_itself = not self._store.persist_id
        return OK

    def _cancel_commit(self, rpc: Element) -> str:
        if (rpc.findtext("persist-id") or "") != self._store.persist_id or not self._store.revert():
            raise RpcRefused("invalid-value", "no such commit waits to be confirmed")
        self._confirms_itself = False
        return OK

    # datastores

    def _stored(self, name: str) -> Section:
        match name:
            case "running":
                return self._store.running
            case "candidate":
                return self.candidate
            case "startup":
                return self._store.startup
        raise RpcRefused("invalid-value", f"there is no datastore {name}", bad_element=name)

    def store_as(self, name: str, section: Section) -> None:
        self._refuse_if_locked()
        match name:
            case "candidate":
                self._store.shared = section
            case "running":
                self._store.commit(section)
            case "startup":
                self._store.startup = section

    def _refuse_if_locked(self) -> None:
        try:
            self._store.refuse_if_locked(self)
        except ConfigurationLocked:
            raise RpcRefused("in-use", "configuration database locked", holder=self._holder()) from None

    def _holder(self) -> int:
        """0 is a session that is none of NETCONF (RFC 6241 appendix A, lock-denied)."""
        holder = self._store.lock_holder
        return holder.session_id if isinstance(holder, Operations) else 0


def _named(rpc: Element, role: str) -> str:
    """`<target><candidate/></target>` is `candidate`."""
    element = rpc.find(role)
    if element is None or not len(element):
        raise RpcRefused("missing-element", f"no {role} is given", bad_element=role)
    return element[0].tag


def _configuration(rpc: Element, root: str) -> Element:
    config = rpc.find("config")
    if config is None:
        raise RpcRefused("missing-element", "no config is given", bad_element="config")
    wrong = next((one.tag for one in config if one.tag != root), None)
    if wrong is not None:
        raise RpcRefused("unknown-element", "syntax error", bad_element=wrong)
    return config[0] if len(config) else Element(root)
