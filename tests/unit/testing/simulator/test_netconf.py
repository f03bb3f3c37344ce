"""Framing, configurations as XML, and the operations of a NETCONF session, without a network."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Protocol

import pytest

from neops.testing.simulator.device import DeviceState
from neops.testing.simulator.netconf.errors import RpcRefused
from neops.testing.simulator.netconf.framing import Framing, FramingBroken
from neops.testing.simulator.netconf.junos import JunosOperations

DESCRIBE = "<interface><name>ge-0/0/1</name><description>to the edge</description></interface>"

BRACES = 'interfaces {\n ge-0/0/1 {\n description "to the edge";\n }\n}'


class Turns(Protocol):
    def turn(self, seconds: float) -> None: ...


class Session:
    """One session's operations, asked in XML."""

    def __init__(self, device: DeviceState, session_id: int = 1) -> None:
        self.operations = JunosOperations(device, session_id)

    def __call__(self, request: str) -> str:
        rpc = ET.fromstring(request)
        return self.operations.known()[rpc.tag](rpc)

    def edit(self, interfaces: str, *more: str) -> str:
        config = f"<config><configuration><interfaces>{interfaces}</interfaces></configuration></config>"
        return self(f"<edit-config><target><candidate/></target>{''.join(more)}{config}</edit-config>")

    def running(self) -> str:
        return self("<get-config><source><running/></source></get-config>")


@pytest.fixture
def junos(device: Callable[..., DeviceState]) -> DeviceState:
    return device("juniper_junos")


@pytest.fixture
def session(junos: DeviceState) -> Session:
    return Session(junos)


@pytest.mark.parametrize("cut", range(1, 9))
@pytest.mark.parametrize("chunked", [False, True])
def test_messages_are_the_same_however_the_bytes_are_cut(chunked: bool, cut: int) -> None:
    sender, receiver = Framing(), Framing()
    sender.chunked = receiver.chunked = chunked
    data = sender.framed("<rpc>é ]]&gt;</rpc>") + sender.framed("<rpc/>")
    found = []

    for start in range(0, len(data), cut):
        receiver.receive(data[start : start + cut])
        while (message := receiver.next_message()) is not None:
            found.append(message)

    assert found == ["<rpc>é ]]&gt;</rpc>", "<rpc/>"]


def test_a_message_of_several_chunks_is_one() -> None:
    framing = Framing()
    framing.chunked = True
    framing.receive(b'\n#4\n<rpc\n#18\n message-id="102"\n\n#2\n/>\n##\n')  # as in RFC 6242 section 4.2

    assert framing.next_message() == '<rpc message-id="102"\n/>'


def test_what_is_no_chunk_ends_the_session() -> None:
    framing = Framing()
    framing.chunked = True
    framing.receive(b"<rpc>not framed</rpc>")

    with pytest.raises(FramingBroken):
        framing.next_message()


def test_a_whole_configuration_survives_xml_and_back(session: Session, junos: DeviceState) -> None:
    tree = session.operations.tree(junos.datastore.running)
    again: dict[str, object] = {}

    session.operations.edit(again, tree, "merge")  # type: ignore[arg-type]  # a Section is a dict of itself

    assert again == junos.datastore.running
    assert tree.findtext("interfaces/interface/unit/family/inet/address/name") == "192.0.2.1/30"


def test_the_candidate_runs_after_a_commit_only(session: Session, junos: DeviceState) -> None:
    session.edit(DESCRIBE)
    before = session.running()
    session("<commit/>")

    assert "to the edge" not in before
    assert "<description>to the edge</description>" in session.running()
    assert 'description "to the edge";' in junos.scope()["running_config"]
    assert not junos.datastore.shared_changed


@pytest.mark.parametrize(
    ("operation", "tag"), [("create", "data-exists"), ("delete", None), ("remove", None), ("replace", None)]
)
def test_operations_on_what_is_there(session: Session, operation: str, tag: str | None) -> None:
    edit = f'<interface operation="{operation}"><name>ge-0/0/0</name><mtu>9000</mtu></interface>'
    if tag:
        with pytest.raises(RpcRefused) as refused:
            session.edit(edit)
        assert refused.value.tag == tag
        return

    session.edit(edit)
    session("<commit/>")

    assert "to core" not in session.running()
    assert ("<mtu>9000</mtu>" in session.running()) == (operation == "replace")


def test_deleting_what_is_not_there_is_refused(session: Session) -> None:
    with pytest.raises(RpcRefused, match="not found") as refused:
        session.edit('<interface operation="delete"><name>ge-9/9/9</name></interface>')

    assert refused.value.tag == "data-missing"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("<system><host-name/></system>", ["r1"]),
        ("<interfaces><interface><name>ge-0/0/0</name></interface></interfaces>", ["to core"]),
        ("<interfaces><interface><name>ge-0/0/0</name><description/></interface></interfaces>", ["to core"]),
        ("<interfaces><interface><name>ge-7/0/0</name></interface></interfaces>", []),
        ("<snmp/>", []),
    ],
)
def test_a_subtree_filter_selects(session: Session, wanted: str, found: list[str]) -> None:
    reply = session(
        f"<get-config><source><running/></source><filter><configuration>{wanted}</configuration></filter></get-config>"
    )

    assert all(text in reply for text in found)
    assert ("<data/>" in reply) == (not found)
    assert "root-authentication" not in reply


def test_a_lock_is_denied_with_the_holders_session(junos: DeviceState) -> None:
    first, second = Session(junos, 1), Session(junos, 2)
    first("<lock><target><candidate/></target></lock>")

    with pytest.raises(RpcRefused) as denied:
        second("<lock><target><candidate/></target></lock>")
    with pytest.raises(RpcRefused, match="locked"):
        second.edit(DESCRIBE)
    first.operations.close()
    second("<lock><target><candidate/></target></lock>")

    assert (denied.value.tag, denied.value.holder) == ("lock-denied", 1)


def test_what_was_edited_under_a_lock_goes_with_the_session(session: Session, junos: DeviceState) -> None:
    session("<lock><target><candidate/></target></lock>")
    session.edit(DESCRIBE)
    session.operations.close()

    assert not junos.datastore.shared_changed
    assert not junos.datastore.locked


def test_a_confirmed_commit_goes_back_with_its_session_unless_it_persists(junos: DeviceState) -> None:
    for persist, stays in (("", False), ("<persist>mine</persist>", True)):
        session = Session(junos)
        session.edit(DESCRIBE)
        session(f"<commit><confirmed/><confirm-timeout>60</confirm-timeout>{persist}</commit>")
        session.operations.close()

        assert ("to the edge" in Session(junos).running()) == stays


def test_a_commit_that_persists_is_confirmed_by_its_id(junos: DeviceState) -> None:
    first, second = Session(junos, 1), Session(junos, 2)
    first.edit(DESCRIBE)
    first("<commit><confirmed/><persist>mine</persist></commit>")

    with pytest.raises(RpcRefused, match="persist-id"):
        second("<commit/>")
    second("<commit><persist-id>mine</persist-id></commit>")

    assert not junos.datastore.awaits_confirmation
    assert "to the edge" in second.running()


def test_a_confirmed_commit_goes_back_in_its_time(session: Session, junos: DeviceState, clock: Turns) -> None:
    session.edit(DESCRIBE)
    session("<commit><confirmed/><confirm-timeout>60</confirm-timeout></commit>")
    clock.turn(61)

    assert "to the edge" not in session.running()


@pytest.mark.parametrize(
    ("attributes", "body"),
    [
        (
            "format='text'",
            f"<configuration-text>{BRACES}</configuration-text>",
        ),
        ("action='set'", '<configuration-set>set interfaces ge-0/0/1 description "to the edge"</configuration-set>'),
        ("", f"<configuration><interfaces>{DESCRIBE}</interfaces></configuration>"),
    ],
)
def test_junos_loads_text_set_lines_and_xml(session: Session, attributes: str, body: str) -> None:
    session(f"<load-configuration {attributes}>{body}</load-configuration>")

    difference = session('<get-configuration compare="rollback" rollback="0" format="text"/>')
    assert "[edit interfaces ge-0/0/1]" in difference
    assert '+  description "to the edge";' in difference


def test_a_text_that_junos_does_not_load_leaves_the_candidate(session: Session, junos: DeviceState) -> None:
    with pytest.raises(RpcRefused) as refused:
        session(
            '<load-configuration format="text">'
            "<configuration-text>frobnicate 7;</configuration-text></load-configuration>"
        )

    assert "<bad-element>frobnicate</bad-element>" in refused.value.xml()
    assert not junos.datastore.shared_changed
