import pytest
from acme_device import AcmeDevice
from acme_vault import VaultServer

from neops.devices import DeviceRuntime, RunsCommands, credential_providers
from neops.entities import Device, Platform, Secret
from neops.errors import AuthenticationFailed, CredentialsUnavailable

ORDER = ("inventory", "acme_vault")


def gate(acme: AcmeDevice, name: str = "gate-1") -> Device:
    return Device(
        id=1,
        hostname=name,
        ip="127.0.0.1",
        port=acme.port,
        username="admin",
        password=Secret("outdated"),
        platform=Platform(short_name="acme_os"),
    )


async def test_the_vault_is_asked_when_the_device_refuses_what_the_inventory_has(acme: AcmeDevice) -> None:
    with (
        VaultServer() as vault,
        DeviceRuntime(credentials=credential_providers(vault.environment, ORDER)) as runtime,
    ):
        answer = await runtime.connect(gate(acme), RunsCommands).send_command("show version")

    assert answer.output.startswith("Acme OS 4.2")
    assert vault.asked == ["/v1/credentials/gate-1"]


async def test_a_device_that_the_vault_does_not_know_is_refused(acme: AcmeDevice) -> None:
    with (
        VaultServer() as vault,
        DeviceRuntime(credentials=credential_providers(vault.environment, ORDER)) as runtime,
        pytest.raises(AuthenticationFailed),
    ):
        await runtime.connect(gate(acme, "gate-2"), RunsCommands).send_command("show version")


async def test_a_vault_that_says_no_is_named(acme: AcmeDevice) -> None:
    with VaultServer() as vault:
        environment = {**vault.environment, "ACME_VAULT_TOKEN": "wrong"}
        with (
            DeviceRuntime(credentials=credential_providers(environment, ORDER)) as runtime,
            pytest.raises(CredentialsUnavailable, match=r"no credentials from acme_vault: <HTTPError 403"),
        ):
            await runtime.connect(gate(acme), RunsCommands).send_command("show version")
