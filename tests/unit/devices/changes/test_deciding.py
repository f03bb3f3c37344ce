from __future__ import annotations

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neops.devices import ChangeOutcome
from neops.devices.changes.deciding import decide, has_substance, same_config

WORDS = st.text(alphabet="abc123./-", min_size=1, max_size=6)
LINES = st.lists(st.tuples(st.integers(0, 2), WORDS), max_size=12)


def written(lines: list[tuple[int, str]]) -> str:
    return "\n".join(" " * depth + word for depth, word in lines)


CONFIGS = LINES.map(written)
CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # on a busy machine too


@CALM
@given(before=CONFIGS, now=CONFIGS, atomic=st.booleans(), reached=st.booleans())
def test_unchanged_is_said_only_of_the_old_configuration(before: str, now: str, atomic: bool, reached: bool) -> None:
    decided = decide(before, now, atomic=atomic, reached=reached)

    assert (decided is ChangeOutcome.UNCHANGED) == same_config(before, now)


@CALM
@given(before=CONFIGS, now=CONFIGS, reached=st.booleans())
def test_changed_is_said_only_when_all_of_it_is_there(before: str, now: str, reached: bool) -> None:
    whole = decide(before, now, atomic=True, reached=reached)
    by_line = decide(before, now, atomic=False, reached=reached)

    assert (whole is ChangeOutcome.CHANGED) == (not same_config(before, now))
    assert (by_line is ChangeOutcome.CHANGED) == (not same_config(before, now) and reached)


@CALM
@given(before=CONFIGS, atomic=st.booleans(), reached=st.booleans())
def test_what_nobody_could_read_is_unknown(before: str, atomic: bool, reached: bool) -> None:
    assert decide(before, None, atomic=atomic, reached=reached) is ChangeOutcome.UNKNOWN


@CALM
@given(CONFIGS, CONFIGS)
def test_reverted_is_never_guessed(before: str, now: str) -> None:
    decided = {decide(before, now, atomic=atomic, reached=True) for atomic in (True, False)}

    assert ChangeOutcome.REVERTED not in decided


@CALM
@given(CONFIGS)
def test_remarks_blank_lines_and_space_at_line_ends_make_no_difference(config: str) -> None:
    noisy = "".join(f"{line}  \n!\n\n# remark\n" for line in config.splitlines())

    assert same_config(config, noisy)


@CALM
@given(sections=st.dictionaries(WORDS, st.lists(WORDS, unique=True, max_size=3), max_size=4), chance=st.randoms())
def test_the_order_of_sections_and_of_lines_in_them_makes_no_difference(
    sections: dict[str, list[str]], chance: Random
) -> None:
    def config(shuffled: bool) -> str:
        names = list(sections)
        if shuffled:
            chance.shuffle(names)
        return "\n".join(
            line for name in names for line in (name, *(f" {one}" for one in sorted(sections[name], reverse=shuffled)))
        )

    assert same_config(config(False), config(True))


def test_a_line_in_another_section_is_another_line() -> None:
    assert not same_config("a\n x\nb\n", "a\nb\n x\n")


def test_the_order_of_an_access_list_counts() -> None:
    assert not same_config("acl 1\n permit a\n deny any\n", "acl 1\n deny any\n permit a\n")


def test_a_line_that_is_there_twice_is_not_the_same_as_once() -> None:
    assert not same_config("a\na\n", "a\n")


def xml(*interfaces: str) -> str:
    entries = (f"<interface><name>eth{at}</name>{one}</interface>" for at, one in enumerate(interfaces))
    return f"<config><interfaces>{''.join(entries)}</interfaces></config>"


UP, DOWN = "<enabled>true</enabled>", "<enabled>false</enabled>"


def test_of_xml_layout_and_the_order_of_different_elements_make_no_difference() -> None:
    laid_out = xml(f"\n  {UP}\n  <mtu>9000</mtu>\n", DOWN)

    assert same_config(xml(f"<mtu>9000</mtu>{UP}", DOWN), laid_out)


def test_of_xml_it_counts_which_entry_has_what() -> None:
    assert not same_config(xml(UP, DOWN), xml(DOWN, UP))


def test_of_xml_the_order_of_entries_counts() -> None:
    assert not same_config("<c><dns>a</dns><dns>b</dns></c>", "<c><dns>b</dns><dns>a</dns></c>")


def test_what_only_looks_like_xml_is_compared_by_lines() -> None:
    assert same_config("<a\nb\nc", "<a\nc\nb")


@pytest.mark.parametrize("config", ["", " \n\n", "! remark\n#\nend\n", "<config/>", "<data>\n</data>"])
def test_a_configuration_without_a_statement_has_no_substance(config: str) -> None:
    assert not has_substance(config)


@pytest.mark.parametrize("config", ["hostname r1", "! remark\n ntp server 192.0.2.7", "<config><a/></config>"])
def test_a_configuration_with_one_has_it(config: str) -> None:
    assert has_substance(config)


def test_what_a_banner_says_is_no_remark_and_has_an_order() -> None:
    banner = "banner motd ^C\n# a\n! b\n^C\n"

    assert not same_config(banner, banner.replace("# a", "# c"))
    assert not same_config(banner, "banner motd ^C\n! b\n# a\n^C\n")
    assert same_config(f"ntp server 192.0.2.7\n{banner}", f"{banner}ntp server 192.0.2.7\n")
