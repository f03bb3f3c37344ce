from netmiko.ssh_dispatcher import CLASS_MAPPER_BASE

from neops.devices import ReadsFacts, ReadsVlans, RunsCommands
from neops_nornir import NornirPlugin


def test_every_device_type_of_netmiko_can_run_commands() -> None:
    plugin = NornirPlugin()

    assert set(CLASS_MAPPER_BASE) <= set(plugin.platforms)
    assert all(RunsCommands in plugin.capabilities(platform) for platform in plugin.platforms)


def test_every_platform_is_a_device_type_of_netmiko() -> None:
    assert set(NornirPlugin.platforms.values()) <= set(CLASS_MAPPER_BASE)


def test_the_names_of_procurve_are_read_alike() -> None:
    plugin = NornirPlugin()

    names = ("hp_procurve", "aruba_procurve", "aruba_osswitch")
    assert all({ReadsFacts, ReadsVlans} <= plugin.capabilities(name) for name in names)
