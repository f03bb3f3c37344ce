import pytest

from neops.devices.parsing.units import duration_s, mac_address, speed_mbps, whole_number


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (
            "2 years, 31 weeks, 6 days, 9 hours, 55 minutes",
            2 * 31_536_000 + 31 * 604_800 + 6 * 86_400 + 9 * 3600 + 3300,
        ),
        ("123 day(s), 5 hour(s), 15 minute(s), 19 second(s)", 123 * 86_400 + 5 * 3600 + 15 * 60 + 19),
        ("2 days, 15 hours and 56 minutes", 2 * 86_400 + 15 * 3600 + 56 * 60),
        ("22w0d 19:16", 22 * 604_800 + 19 * 3600 + 16 * 60),
        ("6w1d", 6 * 604_800 + 86_400),
        ("15week(s) 2day(s)", 15 * 604_800 + 2 * 86_400),
        ("23:39:35", 23 * 3600 + 39 * 60 + 35),
        ("1 minute", 60),
        ("never", -1.0),
        ("", -1.0),
    ],
)
def test_durations_of_every_vendor_are_seconds(text: str, seconds: float) -> None:
    assert duration_s(text) == seconds


@pytest.mark.parametrize(
    ("text", "speed"),
    [
        ("1000000 Kbit", 1000.0),
        ("100000 Kbit/sec", 100.0),
        ("10000000 kbit", 10_000.0),
        ("1000Mb/s", 1000.0),
        ("10 Gb/s", 10_000.0),
        ("1000mbps", 1000.0),
        ("10Gbps", 10_000.0),
        ("25G", 25_000.0),
        ("Auto-speed", -1.0),
        ("", -1.0),
    ],
)
def test_speeds_of_every_vendor_are_megabits(text: str, speed: float) -> None:
    assert speed_mbps(text) == pytest.approx(speed)


@pytest.mark.parametrize("text", ["fa16.3e57.336f", "FA:16:3E:57:33:6F", "fa-16-3e-57-33-6f", "fa16-3e57-336f"])
def test_mac_addresses_have_one_form(text: str) -> None:
    assert mac_address(text) == "FA:16:3E:57:33:6F"


def test_what_is_no_mac_address_is_empty() -> None:
    assert mac_address("unknown") == ""


def test_a_number_is_read_from_the_start_of_a_text() -> None:
    assert (whole_number("1514"), whole_number("9214 bytes"), whole_number("Unlimited")) == (1514, 9214, -1)
