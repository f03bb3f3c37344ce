"""Which plugin serves what: properties of the decision, then the words of a refusal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neops.devices import CAPABILITIES, ReadsConfig, ReadsFacts, RunsCommands
from neops.devices.resolving.catalogue import PluginCatalogue
from neops.devices.resolving.resolve import Offer, Wish, offer_of, resolve
from neops.errors import CapabilityMissing

SOME = st.frozensets(st.sampled_from(CAPABILITIES), min_size=1)
NAMES = st.sampled_from(["acme", "napalm", "nornir", "scrapli", "zeta"])
OFFERS = st.lists(
    st.builds(
        Offer,
        plugin=NAMES,
        priority=st.integers(0, 3),
        capabilities=st.frozensets(st.sampled_from(CAPABILITIES)),
        obstacle=st.none() | st.just("not installed: pip install 'neops[x]'"),
    ),
    unique_by=lambda offer: offer.plugin,
)
WISHES = st.builds(
    Wish,
    device=st.just("r1"),
    platform=st.just("cisco_ios"),
    capabilities=SOME,
    preferred=st.lists(NAMES, unique=True),
)


def usable(offers: list[Offer], capability: type) -> list[str]:
    return [offer.plugin for offer in offers if offer.obstacle is None and capability in offer.capabilities]


@given(WISHES, OFFERS)
def test_every_capability_is_served_by_a_usable_plugin_that_has_it_or_nobody_is_connected(
    wish: Wish, offers: list[Offer]
) -> None:
    if not all(usable(offers, capability) for capability in wish.capabilities):
        with pytest.raises(CapabilityMissing) as caught:
            resolve(wish, offers)
        assert {one.plugin for one in caught.value.considered} == {offer.plugin for offer in offers}
        return

    resolution = resolve(wish, offers)

    assert set(resolution.plugin_of) == wish.capabilities
    assert all(plugin in usable(offers, capability) for capability, plugin in resolution.plugin_of.items())


@given(WISHES, OFFERS)
def test_one_plugin_serves_all_whenever_one_can(wish: Wish, offers: list[Offer]) -> None:
    complete = [offer for offer in offers if offer.obstacle is None and wish.capabilities <= offer.capabilities]
    if complete:
        assert len(resolve(wish, offers).plugins) == 1


@given(WISHES, OFFERS, st.randoms())
def test_the_order_in_which_plugins_are_found_does_not_matter(wish: Wish, offers: list[Offer], random: object) -> None:
    shuffled = list(offers)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis types it as object
    outcomes: list[object] = []
    for order in (offers, shuffled):
        try:
            outcomes.append(dict(resolve(wish, order).plugin_of))
        except CapabilityMissing as missing:
            outcomes.append(str(missing))

    assert outcomes[0] == outcomes[1]


@given(WISHES, OFFERS)
def test_the_first_preferred_plugin_that_has_all_is_taken(wish: Wish, offers: list[Offer]) -> None:
    complete = {offer.plugin for offer in offers if offer.obstacle is None and wish.capabilities <= offer.capabilities}
    first = next((name for name in wish.preferred if name in complete), None)
    if first is not None:
        assert resolve(wish, offers).plugins == (first,)


def test_priority_decides_where_nobody_prefers() -> None:
    wish = Wish(device="r1", platform="cisco_ios", capabilities=frozenset({ReadsFacts}))
    offers = [
        Offer(plugin="scrapli", priority=40, capabilities=frozenset({ReadsFacts})),
        Offer(plugin="napalm", priority=50, capabilities=frozenset({ReadsFacts})),
    ]

    assert resolve(wish, offers).plugins == ("napalm",)


def test_two_plugins_share_a_wish_that_none_has_alone() -> None:
    wish = Wish(device="r1", platform="cisco_ios", capabilities=frozenset({ReadsFacts, RunsCommands}))
    offers = [
        Offer(plugin="scrapli", priority=40, capabilities=frozenset({RunsCommands})),
        Offer(plugin="napalm", priority=50, capabilities=frozenset({ReadsFacts})),
    ]

    assert resolve(wish, offers).methods() == {
        "get_facts": "napalm",
        "send_command": "scrapli",
        "send_commands": "scrapli",
    }


def test_a_refusal_says_of_each_plugin_why_it_fell_out() -> None:
    wish = Wish(device="r1", platform="acme_os", capabilities=frozenset({ReadsConfig, ReadsFacts}))
    offers = [
        Offer(plugin="scrapli", priority=40, capabilities=frozenset({ReadsFacts})),
        Offer(
            plugin="napalm",
            capabilities=frozenset({ReadsConfig}),
            obstacle="not installed: pip install 'neops[napalm]'",
        ),
        Offer(plugin="nornir"),
    ]

    with pytest.raises(CapabilityMissing) as caught:
        resolve(wish, offers)

    assert str(caught.value) == (
        "r1: no plugin serves ReadsConfig on platform acme_os (scrapli: has no ReadsConfig here; "
        "napalm: not installed: pip install 'neops[napalm]'; nornir: does not serve this platform)"
    )


def test_a_device_without_a_platform_is_told_so() -> None:
    wish = Wish(device="r1", platform=None, capabilities=frozenset({ReadsFacts}))

    with pytest.raises(
        CapabilityMissing, match="on a device without a platform: name it, or find it out with `neops detect`"
    ):
        resolve(wish, [])


def test_an_offer_carries_what_the_plugin_says_of_the_platform(fake_plugin) -> None:  # type: ignore[no-untyped-def]  # conftest's
    entry = PluginCatalogue.of(fake_plugin()).entry("fake")

    assert offer_of(entry, "cisco_ios").capabilities == {RunsCommands, ReadsFacts}
    assert offer_of(entry, "arista_eos").capabilities == frozenset()


def test_a_plugin_that_fails_to_answer_is_passed_over(fake_plugin) -> None:  # type: ignore[no-untyped-def]  # conftest's
    plugin = fake_plugin()
    plugin.capabilities = {}.__getitem__

    assert offer_of(PluginCatalogue.of(plugin).entry("fake"), "cisco_ios").obstacle == (
        "failed to answer: KeyError('cisco_ios')"
    )


ON_REQUEST = [
    Offer(plugin="napalm", priority=50, capabilities=frozenset({ReadsFacts, ReadsConfig}), on_request=True),
    Offer(plugin="scrapli", priority=40, capabilities=frozenset({ReadsFacts})),
]


@pytest.mark.parametrize(("preferred", "taken"), [((), "scrapli"), (("nornir",), "scrapli"), (("napalm",), "napalm")])
def test_a_plugin_that_serves_on_request_is_taken_only_where_it_is_preferred(
    preferred: tuple[str, ...], taken: str
) -> None:
    wish = Wish(device="r1", platform="arista_eos", capabilities=frozenset({ReadsFacts}), preferred=preferred)

    assert resolve(wish, ON_REQUEST).plugins == (taken,)


def test_a_plugin_that_was_asked_for_is_not_passed_over_for_one_that_has_everything() -> None:
    netconf = Offer(plugin="netconf", priority=20, capabilities=frozenset({ReadsConfig}), on_request=True)
    scrapli = Offer(plugin="scrapli", priority=40, capabilities=frozenset({ReadsFacts, ReadsConfig}))
    wish = Wish(
        device="r1",
        platform="juniper_junos",
        capabilities=frozenset({ReadsFacts, ReadsConfig}),
        preferred=("netconf",),
    )

    assert resolve(wish, [scrapli, netconf]).plugin_of == {ReadsFacts: "scrapli", ReadsConfig: "netconf"}


def test_a_refusal_says_how_to_ask_for_a_plugin_that_serves_on_request() -> None:
    wish = Wish(device="r1", platform="arista_eos", capabilities=frozenset({ReadsConfig}))

    with pytest.raises(CapabilityMissing) as caught:
        resolve(wish, ON_REQUEST)

    assert str(caught.value) == (
        "r1: no plugin serves ReadsConfig on platform arista_eos (napalm: serves this platform only when preferred: "
        "set plugins: [napalm]; scrapli: has no ReadsConfig here)"
    )


def test_a_platform_that_nobody_serves_is_one_reason_and_a_way_to_find_out() -> None:
    nobody = [Offer(plugin=name, priority=1, capabilities=frozenset()) for name in ("scrapli", "napalm")]

    with pytest.raises(CapabilityMissing) as caught:
        resolve(Wish(device="r1", platform="acme_os", capabilities=frozenset({ReadsConfig})), nobody)

    assert str(caught.value) == (
        "r1: no plugin serves ReadsConfig on platform acme_os: `neops plugins matrix` shows the platforms that are "
        "served (napalm, scrapli: does not serve this platform)"
    )


def test_plugins_need_not_say_what_they_serve_on_request(fake_plugin) -> None:  # type: ignore[no-untyped-def]  # conftest's
    plugin = fake_plugin()
    silent = offer_of(PluginCatalogue.of(plugin).entry("fake"), "cisco_ios")
    plugin.on_request = frozenset({"cisco_ios"})

    assert not silent.on_request
    assert offer_of(PluginCatalogue.of(plugin).entry("fake"), "cisco_ios").on_request
