import pytest

from neops.devices.changes.computing import merged, replaced
from neops_frr.changes import DIALECT, locked, refused, substance

RUNNING = """\
!
frr version 8.4.4
hostname r2
!
interface to-r1
 description to r1
 ip address 10.0.12.2/24
exit
!
router bgp 65002
 neighbor 10.0.12.1 remote-as 65001
 neighbor 10.0.12.1 description r1
 !
 address-family ipv4 unicast
  network 10.255.0.2/32
 exit-address-family
exit
!
end
"""


def test_lines_that_only_end_sections_are_left_out() -> None:
    assert substance(RUNNING).splitlines() == [
        "frr version 8.4.4",
        "hostname r2",
        "interface to-r1",
        " description to r1",
        " ip address 10.0.12.2/24",
        "router bgp 65002",
        " neighbor 10.0.12.1 remote-as 65001",
        " neighbor 10.0.12.1 description r1",
        " address-family ipv4 unicast",
        "  network 10.255.0.2/32",
    ]


def test_a_replacement_takes_away_and_adds_below_the_right_sections() -> None:
    wanted = RUNNING.replace("description to r1", "description edge").replace("10.255.0.2/32", "192.0.2.0/24")

    lines = replaced(substance(RUNNING), substance(wanted), dialect=DIALECT).lines

    assert [line.strip() for line in lines] == [
        "interface to-r1",
        "description edge",
        "exit",
        "router bgp 65002",
        "address-family ipv4 unicast",
        "no network 10.255.0.2/32",
        "network 192.0.2.0/24",
        "exit-address-family",
        "exit",
    ]


def test_a_merge_shows_what_it_replaces() -> None:
    change = merged(substance(RUNNING), substance("interface to-r1\n description edge\nexit"), dialect=DIALECT)

    assert "- description to r1" in change.diff
    assert "+ description edge" in change.diff
    assert change.reached(substance(RUNNING.replace("description to r1", "description edge")))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("% Unknown command: frobnicate 7", True),
        ("% Specify remote-as or peer-group commands first", True),
        ("note\n%% BGP: no such peer", True),
        ("BGP instance is already running; AS is 65001", True),
        ("Must remove previous area config before changing ospf area", True),
        ("Specified Router ID 192.0.2.300 is invalid", True),
        ("% Warning: this is odd", False),
        ("For this router-id change to take effect, save config and restart ospf6d", False),
        ("", False),
        ("100% sure", False),
    ],
)
def test_a_daemon_objects_with_a_percent_sign_or_in_plain_words(answer: str, expected: bool) -> None:
    assert refused(answer) == expected


def test_a_configuration_that_somebody_holds_is_known() -> None:
    assert locked("VTY configuration is locked by other VTY")
    assert not locked("% Unknown command: configure terminal")
