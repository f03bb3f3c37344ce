import pytest

from neops.devices.parsing import rejected

ERRORS = [
    ("cisco_ios", "           ^\n% Invalid input detected at '^' marker.\n"),
    ("cisco_ios", "% Incomplete command.\n"),
    ("cisco_xe", '% Ambiguous command:  "sh v i"\n'),
    ("cisco_nxos", "                      ^\n% Invalid command at '^' marker.\n"),
    ("cisco_xr", "Mon Mar 20 17:31:48.208 EDT\n                ^\n% Invalid input detected at '^' marker.\n"),
    ("arista_eos", "% Invalid input (at token 1: 'bogus')\n"),
    ("juniper_junos", "           ^\nunknown command.\n"),
    ("juniper_junos", "           ^\nsyntax error, expecting <command>.\n"),
    ("nokia_srl", "Parsing error: Unknown token 'bogus'. Options are ['acl', 'arpnd']\n"),
    ("hp_procurve", "Invalid input: bogus\n"),
    ("aruba_osswitch", "Ambiguous input: sh\n"),
    ("aruba_aoscx", "Invalid input: bogus\n"),
    ("aruba_aoscx", "% Command incomplete.\n"),
    ("linux", "-bash: bogus: command not found\n"),
    ("linux", "bash: line 1: bogus: command not found\n"),
    ("frr", "% Unknown command: show bogus\n"),
    ("nobody_knows", "% Invalid input\n"),
]


@pytest.mark.parametrize(("platform", "output"), ERRORS)
def test_the_platforms_error_text_is_a_rejection(platform: str, output: str) -> None:
    assert rejected(platform, output)


@pytest.mark.parametrize(
    ("platform", "output"),
    [
        ("cisco_ios", ""),
        ("cisco_ios", "Cisco IOS Software, C180X Software\n"),
        ("cisco_ios", "\n".join(["*Mar  1 00:00:07: %SYS-5-RESTART: up"] * 9 + ["% Invalid input detected"])),
        ("cisco_ios", "% LLDP is not enabled\n"),
        ("cisco_ios", "banner motd ^C 50 % Invalid, ask for help ^C\n"),
        ("juniper_junos", "set system login message error: 0\n"),
        ("linux", "the command not found in the manual\n"),
    ],
)
def test_output_that_speaks_of_errors_is_no_rejection(platform: str, output: str) -> None:
    assert not rejected(platform, output)
