from __future__ import annotations

import pytest

from neops_netconf.messages import (
    BASE,
    Malformed,
    RpcError,
    Server,
    config_of,
    data_of,
    elements_of,
    errors_of,
    name_of,
    parse,
    printed,
    read_hello,
    replacing,
)

IETF = "urn:ietf:params:xml:ns:yang:ietf-interfaces"
IANA = "urn:ietf:params:xml:ns:yang:iana-if-type"


def test_a_server_is_what_its_hello_says() -> None:
    server = read_hello(
        f"""<?xml version="1.0"?><nc:hello xmlns:nc="{BASE}"><nc:capabilities>
        <nc:capability>urn:ietf:params:netconf:base:1.1</nc:capability>
        <nc:capability> urn:ietf:params:netconf:capability:candidate:1.0 </nc:capability>
        <nc:capability>urn:ietf:params:netconf:capability:url:1.0?scheme=file</nc:capability>
        </nc:capabilities><nc:session-id>7</nc:session-id></nc:hello>""".encode()
    )

    assert (server.session_id, server.chunks, server.datastores) == ("7", True, ("running", "candidate"))
    assert (server.has("candidate"), server.has("url"), server.has("startup")) == (True, True, False)
    assert (server.has("candidate", "1.1"), server.forgets_when_validating) == (False, False)


def test_what_is_no_hello_is_malformed() -> None:
    with pytest.raises(Malformed, match="not with <rpc>"):
        read_hello(b"<rpc/>")


def test_errors_are_found_whatever_their_prefix() -> None:
    reply = parse(
        f"""<nc:rpc-reply xmlns:nc="{BASE}"><nc:rpc-error>
        <nc:error-type>application</nc:error-type><nc:error-tag>invalid-value</nc:error-tag>
        <nc:error-severity>error</nc:error-severity>
        <nc:error-path xmlns:if="{IETF}">
          /if:interfaces/if:interface
        </nc:error-path>
        <nc:error-message xml:lang="en">not
           this</nc:error-message></nc:rpc-error>
        <nc:rpc-error><nc:error-tag>lock-denied</nc:error-tag><nc:error-severity>warning</nc:error-severity>
        <nc:error-info><nc:session-id>9</nc:session-id><nc:bad-element>x</nc:bad-element></nc:error-info>
        </nc:rpc-error></nc:rpc-reply>"""
    )

    first, second = errors_of(reply)

    assert first == RpcError(tag="invalid-value", path="/if:interfaces/if:interface", message="not this")
    assert (second.session_id, second.severity, second.path) == ("9", "warning", "x")
    assert str(second) == "lock-denied at x (session 9)"


@pytest.mark.parametrize(
    "text",
    [
        "<a xmlns='urn:a'/><b xmlns='urn:b'/>",
        "<?xml version='1.0' encoding='UTF-8'?>\n<config><a xmlns='urn:a'/><b xmlns='urn:b'/></config>",
        f"<nc:config xmlns:nc='{BASE}'>\n  <a xmlns='urn:a'/>\n  <b xmlns='urn:b'/>\n</nc:config>\n",
        f"<data xmlns='{BASE}'><a xmlns='urn:a'/><!-- both --><b xmlns='urn:b'/></data>",
    ],
)
def test_a_configuration_may_be_written_with_or_without_what_is_around_it(text: str) -> None:
    assert [one.tag for one in elements_of(text)] == ["{urn:a}a", "{urn:b}b"]
    assert printed(config_of(text)) == f'<config xmlns="{BASE}">\n  <a xmlns="urn:a"/>\n  <b xmlns="urn:b"/>\n</config>'


@pytest.mark.parametrize("text", ["interface eth0\n shutdown", "<a>", "<a/> and <b/>", "<a>&later;</b>"])
def test_what_is_no_xml_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        config_of(text)


def test_entities_are_never_resolved() -> None:
    bomb = '<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]><d>&a;</d>'

    assert not parse(bomb).text


def test_values_keep_the_prefixes_that_they_use_wherever_those_were_declared() -> None:
    reply = parse(
        f"""<rpc-reply xmlns="{BASE}" xmlns:ianaift="{IANA}" xmlns:unused="urn:u"><data>
        <interfaces xmlns="{IETF}"><interface><name>eth0</name>
          <type>ianaift:ethernetCsmacd</type></interface></interfaces></data></rpc-reply>"""
    )

    text = printed(data_of(reply))

    assert f'xmlns:ianaift="{IANA}"' in text
    assert "unused" not in text
    assert elements_of(text)[0].nsmap["ianaift"] == IANA


def test_two_readings_of_junos_are_equal_though_times_are_among_the_attributes() -> None:
    def reading(second: int) -> str:
        return printed(
            data_of(
                parse(
                    f"""<rpc-reply xmlns="{BASE}" xmlns:junos="http://xml.juniper.net/junos/23.4R1/junos"><data>
                    <configuration xmlns="http://xml.juniper.net/xnm/1.1/xnm" junos:commit-seconds="{second}">
                    <system inactive="inactive"><host-name>r1</host-name></system></configuration></data></rpc-reply>"""
                )
            )
        )

    assert reading(1) == reading(2)
    assert 'inactive="inactive"' in reading(1)


def test_layout_is_not_text_and_text_is_not_layout() -> None:
    root = config_of("<a xmlns='urn:a'>\n  <empty>\n  </empty><banner>one\n##\n  two</banner><space> </space>\n</a>")

    empty, banner, space = root[0]

    assert (empty.text, banner.text, space.text) == (None, "one\n##\n  two", " ")


@pytest.mark.parametrize(("version", "operation"), [("1.1", "remove"), ("1.0", "delete")])
def test_replacing_everything_names_what_goes(version: str, operation: str) -> None:
    server = Server(session_id="1", capabilities=(f"urn:ietf:params:netconf:base:{version}",))
    running = config_of("<a xmlns='urn:a'/><b xmlns='urn:b'/>")

    whole = replacing(config_of("<b xmlns='urn:b'><c>1</c></b>"), running, server)

    assert [(name_of(one), one.get(f"{{{BASE}}}operation")) for one in whole] == [("b", None), ("a", operation)]


def test_a_server_of_yuma123_is_known_to_forget() -> None:
    assert Server(session_id="1", capabilities=("http://yuma123.org/ns/yuma123-system",)).forgets_when_validating
