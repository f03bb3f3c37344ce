"""How credential providers are found and asked."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from importlib.metadata import EntryPoint
from types import SimpleNamespace
from typing import Any

import pytest

from neops.concurrency import BlockingExecutor, use_executor
from neops.devices import Credentials, EntityCredentials, EnvironmentCredentials, ReadsFacts, credential_providers
from neops.devices.credentials import Attempt, CredentialChain, LookUps, Permission
from neops.devices.credentials.catalogue import ProviderCatalogue
from neops.entities import Device, Secret
from neops.errors import AuthenticationFailed, CredentialsUnavailable, SettingsInvalid

ADMIN = Credentials(username="admin", password=Secret("inventory-1"))


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Vault:
    """Blocks while it looks up, and remembers who asked."""

    name = "vault"

    def __init__(self, environment: Any = None, *, password: Any = "right") -> None:
        self.environment, self.password = environment or {}, password
        self.asked: list[str] = []
        self.threads: set[str] = set()

    def credentials(self, device: Device, known: Credentials, /) -> Credentials | None:
        self.asked.append(device.name)
        self.threads.add(threading.current_thread().name)
        return Credentials(username="vault", password=self.password)


class AsyncVault:
    name = "async-vault"

    def __init__(self, _environment: Any = None) -> None:
        pass

    async def credentials(self, _device: Device, known: Credentials, /) -> Credentials | None:
        await asyncio.sleep(0)
        return Credentials(username="vault", password=Secret("right"))


class Nothing:
    name = "misnamed"


def takes(password: str, *, tried: list[str] | None = None) -> Attempt[str]:
    async def attempt(credentials: Credentials, permission: Permission) -> str:
        await permission()
        if tried is not None:
            tried.append(str.__str__(credentials.password or ""))
        if credentials.password != password:
            raise AuthenticationFailed("r1", "permission denied")
        return credentials.username or ""

    return attempt


def registered(**targets: str) -> ProviderCatalogue:
    points = [EntryPoint(name, f"{__name__}:{target}", "neops.credentials") for name, target in targets.items()]
    return ProviderCatalogue(find=lambda: points)


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """This module under the name that its entry points give."""
    module = SimpleNamespace(Vault=Vault, AsyncVault=AsyncVault, Nothing=Nothing, number=7)
    monkeypatch.setitem(sys.modules, __name__, module)


async def test_a_vault_is_asked_only_after_a_refusal(device: Any) -> None:
    vault = Vault()
    chain = CredentialChain((EntityCredentials(), vault))

    await chain.log_in(device(), ADMIN, takes("inventory-1"))
    assert vault.asked == []

    assert await chain.log_in(device(), ADMIN, takes("right")) == "vault"
    assert vault.asked == ["r1"]


async def test_a_vault_that_is_sealed_matters_only_when_it_is_its_turn(device: Any) -> None:
    class Sealed:
        name = "vault"

        async def credentials(self, _device: Device, _known: Credentials, /) -> Credentials | None:
            raise PermissionError("sealed")

    chain = CredentialChain((EntityCredentials(), Sealed()))

    assert await chain.log_in(device(), ADMIN, takes("inventory-1")) == "admin"
    with pytest.raises(CredentialsUnavailable) as caught:
        await chain.log_in(device(), ADMIN, takes("right"))
    assert str(caught.value) == (
        "r1: user 'admin' (inventory): permission denied; no credentials from vault: PermissionError('sealed')"
    )


async def test_a_plain_function_may_block_because_it_runs_in_a_thread(device: Any) -> None:
    vault = Vault()

    await CredentialChain((vault,)).log_in(device(), Credentials(), takes("right"))

    assert threading.current_thread().name not in vault.threads


async def test_an_async_provider_is_awaited(device: Any) -> None:
    assert await CredentialChain((AsyncVault(),)).log_in(device(), Credentials(), takes("right")) == "vault"


@pytest.mark.parametrize("blocks", [True, False])
async def test_a_provider_that_hangs_is_an_error_that_names_it(device: Any, blocks: bool) -> None:
    let_go = threading.Event()

    class Hung:
        name = "hung"

        def credentials(self, _device: Device, _known: Credentials, /) -> Any:
            return let_go.wait(10) if blocks else asyncio.sleep(10)

    chain = CredentialChain((Hung(),), lookups=LookUps(limit_s=0.05))
    with pytest.raises(CredentialsUnavailable, match=r"r1: no credentials from hung: no answer within 0.05 s"):
        await chain.log_in(device(), ADMIN, takes("right"))
    let_go.set()


async def test_what_is_no_credentials_is_an_error_that_names_the_provider(device: Any) -> None:
    class Confused:
        name = "confused"

        def credentials(self, _device: Device, _known: Credentials, /) -> Any:
            return {"username": "admin", "password": "hunter22"}

    with pytest.raises(CredentialsUnavailable, match=r"from confused: TypeError\('it gave dict, not Credentials'\)"):
        await CredentialChain((Confused(),)).log_in(device(), ADMIN, takes("right"))


async def test_plain_text_of_a_provider_becomes_a_secret(device: Any) -> None:
    answer = await LookUps().ask(Vault(password="hunter22"), device(), Credentials())

    assert "hunter22" not in repr(answer)
    assert answer.credentials is not None
    assert answer.credentials.password == "hunter22"


async def test_an_answer_is_used_again_for_a_short_time(device: Any) -> None:
    clock, vault = Clock(), Vault()
    lookups = LookUps(keep_s=60, clock=clock)
    r1 = device("r1")

    for clock.now in (0, 30, 59):
        await lookups.ask(vault, r1, Credentials())
    assert vault.asked == ["r1"]
    await lookups.ask(vault, device("r2"), Credentials())
    clock.now = 60
    await lookups.ask(vault, r1, Credentials())

    assert vault.asked == ["r1", "r2", "r1"]


async def test_a_vault_that_hangs_leaves_the_threads_of_devices_alone(
    device: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("neops.devices.credentials.blocking.AT_A_TIME", 2)
    answers, asked = threading.Event(), []

    class Hung:
        name = "hung"

        def credentials(self, device: Device, _known: Credentials, /) -> Credentials | None:
            asked.append(device.name)
            answers.wait(5)
            return ADMIN

    lookups, hung = LookUps(limit_s=0.05), Hung()
    executor = BlockingExecutor(10)

    async def ask(number: int) -> Any:
        return await lookups.ask(hung, device(f"r{number}"), Credentials())

    with use_executor(executor):
        first = await asyncio.gather(*map(ask, range(10)), return_exceptions=True)
        with pytest.raises(CredentialsUnavailable, match="2 look-ups before do not end"):
            await ask(10)
        assert (len(asked), executor.abandoned) == (2, 2)
        answers.set()
        async with asyncio.timeout(5):
            while executor.abandoned:
                await asyncio.sleep(0.001)
        assert (await ask(11)).credentials == ADMIN
        await asyncio.gather(*map(ask, range(20, 30)))

    assert {type(one) for one in first} == {CredentialsUnavailable}
    assert len(asked) == 13
    executor.shutdown()


async def test_a_password_that_was_changed_in_the_vault_is_taken_at_the_first_refusal(device: Any) -> None:
    vault, tried, r1 = Vault(password="old"), list[str](), device()
    chain = CredentialChain((vault,))
    await chain.log_in(r1, Credentials(), takes("old", tried=tried))

    vault.password = "new"
    await chain.log_in(r1, Credentials(), takes("new", tried=tried))

    assert tried == ["old", "old", "new"]
    assert vault.asked == ["r1", "r1"]


async def test_a_provider_cannot_change_the_device(device: Any) -> None:
    class Meddler:
        name = "meddler"

        async def credentials(self, device: Device, _known: Credentials, /) -> Credentials | None:
            device.hostname = "other"
            return None

    r1 = device("r1")
    await LookUps().ask(Meddler(), r1, Credentials())

    assert r1.hostname == "r1"


def test_providers_come_in_the_order_of_the_setting() -> None:
    found = credential_providers(
        {}, ("environment", "vault", "inventory"), catalogue=registered(vault="Vault", other="Nothing")
    )

    assert [provider.name for provider in found] == ["environment", "vault", "inventory"]


def test_a_provider_gets_the_environment() -> None:
    (vault,) = credential_providers({"VAULT_ADDR": "https://vault"}, ("vault",), catalogue=registered(vault="Vault"))

    assert isinstance(vault, Vault)
    assert vault.environment == {"VAULT_ADDR": "https://vault"}


@pytest.mark.parametrize(
    ("name", "target", "problem"),
    [
        ("nowhere", None, "NEOPS_CREDENTIALS: nowhere: no such provider, there are environment, file, inventory, keyr"),
        ("gone", "Gone", "NEOPS_CREDENTIALS: gone: failed to load: AttributeError"),
        ("number", "number", "NEOPS_CREDENTIALS: number: failed to load: TypeError: int cannot be called"),
        ("nothing", "Nothing", "NEOPS_CREDENTIALS: nothing: TypeError: Nothing() takes no arguments"),
        ("other", "Vault", "NEOPS_CREDENTIALS: other: ValueError: registered as 'other', but its name is 'vault'"),
    ],
)
def test_a_provider_that_cannot_be_had_stops_the_start(name: str, target: str | None, problem: str) -> None:
    catalogue = registered(**({name: target} if target else {}))

    with pytest.raises(SettingsInvalid) as caught:
        credential_providers({}, (name,), catalogue=catalogue)

    assert problem in str(caught.value)


def test_a_broken_provider_is_listed_with_its_problem_and_the_others_with_theirs() -> None:
    entries = {entry.name: entry for entry in registered(gone="Gone", vault="Vault").entries()}

    assert sorted(entries) == ["environment", "file", "gone", "inventory", "keyring", "vault"]
    assert (entries["gone"].failure or "").startswith("AttributeError")
    assert entries["vault"].failure is None
    assert entries["file"].origin.distribution == "neops"


def test_nobody_can_take_the_name_of_one_of_ours() -> None:
    (found,) = credential_providers({}, ("environment",), catalogue=registered(environment="Vault"))

    assert isinstance(found, EnvironmentCredentials)


async def test_the_runtime_asks_the_providers_it_is_given(make_runtime: Any, device: Any, network: Any) -> None:
    network.of("r1").password = "right"
    vault = Vault()
    runtime = make_runtime(credentials=(EntityCredentials(), vault))

    await runtime.connect(device("r1"), ReadsFacts).get_facts()

    assert {name.split("_")[0].rstrip("-0123456789") for name in vault.threads} == {"neops-device"}


async def test_a_look_up_costs_a_known_device_microseconds(device: Any) -> None:
    lookups, provider, r1 = LookUps(), EntityCredentials(), device()
    await lookups.ask(provider, r1, ADMIN)

    started = time.thread_time()
    for _ in range(1000):
        await lookups.ask(provider, r1, ADMIN)

    assert time.thread_time() - started < 0.1
