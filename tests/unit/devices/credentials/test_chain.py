"""Which credentials are tried, and when trying stops."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from neops.devices import Credentials, EntityCredentials, EnvironmentCredentials, ReadsFacts
from neops.devices.credentials import JUMP_HOST, Attempt, CredentialChain, Permission
from neops.entities import Device, Platform, Secret
from neops.errors import AuthenticationFailed, ConnectFailed, EnableRefused, Unreachable

ADMIN = Credentials(username="admin", password=Secret("inventory-1"))


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Door:
    """Counts who knocks, and lets in those with the right password."""

    def __init__(self, password: str = "right", answer_s: float = 0.0) -> None:
        self.password, self.answer_s = password, answer_s
        self.tried: list[str | None] = []

    def of(self, device: Device) -> Attempt[str]:
        async def attempt(credentials: Credentials, permission: Permission) -> str:
            await permission()
            self.tried.append(credentials.password)
            await asyncio.sleep(self.answer_s)
            if credentials.password != self.password:
                raise AuthenticationFailed(device.name, "permission denied")
            return f"{credentials.username} is in"

        return attempt


def a_chain(*providers: Any, clock: Clock | None = None, limit: int = 3) -> CredentialChain:
    return CredentialChain(
        providers or (EntityCredentials(),), limit=limit, hold_off_s=300, clock=clock or Clock(), lots=Random(1)
    )


async def test_the_inventory_is_tried_first_and_the_environment_only_after_a_refusal(device: Any) -> None:
    chain = a_chain(EntityCredentials(), EnvironmentCredentials({"NEOPS_PASSWORD": "right"}))
    door = Door()

    assert await chain.log_in(device(), ADMIN, door.of(device())) == "admin is in"
    assert door.tried == ["inventory-1", "right"]


async def test_nothing_else_is_tried_when_the_device_is_unreachable(device: Any) -> None:
    tried: list[Credentials] = []

    async def attempt(credentials: Credentials, _permission: Permission) -> None:
        tried.append(credentials)
        raise Unreachable("r1", "nothing answers")

    chain = a_chain(EntityCredentials(), EnvironmentCredentials({"NEOPS_PASSWORD": "right"}))
    with pytest.raises(Unreachable):
        await chain.log_in(device(), ADMIN, attempt)

    assert tried == [ADMIN]


async def test_a_provider_that_fails_is_named(device: Any) -> None:
    class Vault:
        name = "vault"

        async def credentials(self, _device: Device, _known: Credentials, /) -> Credentials | None:
            raise TimeoutError("sealed")

    with pytest.raises(ConnectFailed, match=r"r1: no credentials from vault: TimeoutError\('sealed'\)"):
        await a_chain(Vault()).log_in(device("r1"), ADMIN, Door().of(device("r1")))


async def test_a_user_without_a_password_gets_the_one_of_the_environment(device: Any) -> None:
    chain = a_chain(EntityCredentials(), EnvironmentCredentials({"NEOPS_PASSWORD": "right"}))
    door = Door()

    assert await chain.log_in(device(), Credentials(username="ops"), door.of(device())) == "ops is in"
    assert door.tried == ["right"]


async def test_a_device_that_refuses_all_says_who_was_tried_and_never_the_password(device: Any) -> None:
    environment = {"NEOPS_USERNAME": "backup", "NEOPS_PASSWORD": "also-wrong"}
    chain = a_chain(EntityCredentials(), EnvironmentCredentials(environment))

    with pytest.raises(AuthenticationFailed) as caught:
        await chain.log_in(device("r1"), ADMIN, Door().of(device("r1")))

    assert str(caught.value) == (
        "r1: user 'admin' (inventory): permission denied; user 'backup' (environment): permission denied"
    )


async def test_a_wrong_password_is_tried_three_times_on_a_hundred_devices(device: Any) -> None:
    chain, door = a_chain(), Door(answer_s=0.01)
    devices = [device(f"r{number}") for number in range(100)]

    outcomes = await asyncio.gather(
        *(chain.log_in(one, ADMIN, door.of(one)) for one in devices), return_exceptions=True
    )

    assert len(door.tried) == 3
    assert {type(outcome) for outcome in outcomes} == {AuthenticationFailed}
    assert sum("not tried, refused by" in str(outcome) for outcome in outcomes) == 97


async def test_refusals_before_a_rush_count_in_it(device: Any) -> None:
    chain, door = a_chain(), Door(answer_s=0.01)
    devices = [device(f"r{number}") for number in range(100)]
    with pytest.raises(AuthenticationFailed):
        await chain.log_in(devices[0], ADMIN, door.of(devices[0]))

    await asyncio.gather(*(chain.log_in(one, ADMIN, door.of(one)) for one in devices[1:]), return_exceptions=True)

    assert len(door.tried) == 3


async def test_devices_that_hang_before_they_ask_for_a_password_hold_nobody_back(device: Any) -> None:
    chain, door = a_chain(), Door("inventory-1")

    async def hang(_credentials: Credentials, _permission: Permission) -> None:
        await asyncio.Event().wait()

    hung = [asyncio.create_task(chain.log_in(device(f"hung{number}"), ADMIN, hang)) for number in range(10)]
    await asyncio.sleep(0)
    async with asyncio.timeout(1):
        assert await chain.log_in(device("good"), ADMIN, door.of(device("good"))) == "admin is in"

    for one in hung:
        one.cancel()


async def test_the_first_devices_of_an_inventory_are_not_those_that_go_first(device: Any) -> None:
    chain, right = a_chain(), Credentials(username="admin", password=Secret("right"))
    hung, door = asyncio.Event(), Door()

    async def hang(_credentials: Credentials, permission: Permission) -> None:
        await permission()
        await hung.wait()

    silent = [asyncio.create_task(chain.log_in(device(f"hung{number}"), right, hang)) for number in range(10)]
    good = [chain.log_in(one, right, door.of(one)) for one in (device(f"r{number}") for number in range(30))]
    async with asyncio.timeout(1):  # less than the patience with which three that hang would be waited for
        await asyncio.gather(*good)

    for one in silent:
        one.cancel()


async def test_a_denied_login_is_told_as_such_whatever_the_library_makes_of_it(device: Any) -> None:
    chain, door = a_chain(limit=1), Door()

    async def attempt(_credentials: Credentials, permission: Permission) -> None:
        try:
            await permission()
        except AuthenticationFailed:
            raise ConnectionResetError("the library closed the connection") from None

    with pytest.raises(AuthenticationFailed):
        await chain.log_in(device("r1"), ADMIN, door.of(device("r1")))
    with pytest.raises(AuthenticationFailed, match=r"not tried, refused by r1 before: correct it or wait 300 s"):
        await chain.log_in(device("r2"), ADMIN, attempt)


async def test_a_credential_that_is_not_tried_any_more_costs_the_next_device_no_connection(device: Any) -> None:
    chain, connected = a_chain(limit=1), []

    async def attempt(_credentials: Credentials, permission: Permission) -> None:
        connected.append(1)
        await permission()
        raise AuthenticationFailed("r1", "permission denied")

    for _ in range(5):
        with pytest.raises(AuthenticationFailed):
            await chain.log_in(device(), ADMIN, attempt)

    assert len(connected) == 1


async def test_a_right_password_lets_all_in_together_after_the_first(device: Any) -> None:
    chain, door = a_chain(), Door(answer_s=0.02)
    right = Credentials(username="admin", password=Secret("right"))
    devices = [device(f"r{number}") for number in range(100)]

    async with asyncio.timeout(1.5):  # one after the other they take 2 s
        await asyncio.gather(*(chain.log_in(one, right, door.of(one)) for one in devices))

    assert len(door.tried) == 100


async def test_a_success_forgets_the_refusals_before_it(device: Any) -> None:
    chain, strict, open_door = a_chain(), Door(), Door("inventory-1")
    for turn in range(5):
        for number in range(2):
            with pytest.raises(AuthenticationFailed):
                await chain.log_in(device(f"bad{turn}-{number}"), ADMIN, strict.of(device()))
        await chain.log_in(device("good"), ADMIN, open_door.of(device()))

    assert len(strict.tried) == 10


async def test_one_device_that_refuses_what_others_take_is_asked_three_times_and_the_others_go_on(device: Any) -> None:
    clock, strict, open_door = Clock(), Door(), Door("inventory-1")
    chain = a_chain(clock=clock)
    await chain.log_in(device("good"), ADMIN, open_door.of(device("good")))

    async def refused(times: int) -> str:
        for _ in range(times):
            with pytest.raises(AuthenticationFailed) as caught:
                await chain.log_in(device("bad"), ADMIN, strict.of(device("bad")))
        return str(caught.value)

    assert "not tried, refused by bad 3 times before: correct it or wait 300 s" in await refused(10)
    assert len(strict.tried) == 3
    assert await chain.log_in(device("good"), ADMIN, open_door.of(device("good")))
    clock.now = 300.0
    await refused(5)
    assert len(strict.tried) == 4
    strict.password = "inventory-1"
    clock.now = 600.0
    assert await chain.log_in(device("bad"), ADMIN, strict.of(device("bad")))
    assert await chain.log_in(device("bad"), ADMIN, strict.of(device("bad")))


async def test_where_one_credential_is_not_tried_any_more_the_next_one_is(device: Any) -> None:
    chain, door = a_chain(EntityCredentials(), EnvironmentCredentials({"NEOPS_PASSWORD": "right"})), Door()

    for _ in range(5):
        assert await chain.log_in(device("r1"), ADMIN, door.of(device("r1"))) == "admin is in"

    assert door.tried.count("inventory-1") == 3
    assert door.tried.count("right") == 5


def enabling(device: Device, right: str = "up") -> Attempt[str]:
    """A device that takes every password and one enable secret."""

    async def attempt(credentials: Credentials, permission: Permission) -> str:
        await permission()
        await asyncio.sleep(0.01)
        if credentials.enable_secret != right:
            raise EnableRefused(device.name, "refused the enable secret")
        return "enabled"

    return attempt


async def test_a_wrong_enable_secret_is_tried_three_times_and_stops_no_login_without_it(device: Any) -> None:
    chain, wrong, right = (
        a_chain(),
        replace(ADMIN, enable_secret=Secret("wr")),
        replace(ADMIN, enable_secret=Secret("up")),
    )
    await chain.log_in(device("first"), right, enabling(device("first")))
    devices, tried = [device(f"r{number}") for number in range(100)], []

    async def attempt(credentials: Credentials, permission: Permission) -> str:
        await permission()
        tried.append(credentials)
        return await enabling(devices[0])(credentials, permission)

    outcomes = await asyncio.gather(*(chain.log_in(one, wrong, attempt) for one in devices), return_exceptions=True)

    assert len(tried) == 3
    assert {type(outcome) for outcome in outcomes} == {AuthenticationFailed}
    assert await chain.log_in(device("r1"), right, enabling(device("r1"))) == "enabled"
    assert await chain.log_in(device("r1"), ADMIN, Door("inventory-1").of(device("r1"))) == "admin is in"


async def test_credentials_that_nobody_refused_lately_are_forgotten_when_they_become_many(
    device: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("neops.devices.credentials.chain.TIDY_AT", 10)
    chain, strict = a_chain(limit=1), Door()
    with pytest.raises(AuthenticationFailed):
        await chain.log_in(device("bad"), ADMIN, strict.of(device("bad")))

    for number in range(100):
        fresh = Credentials(username="dynamic", password=Secret(f"lease-{number}"))
        await chain.log_in(device("good"), fresh, Door(f"lease-{number}").of(device("good")))

    assert len(chain._records) <= 12
    with pytest.raises(AuthenticationFailed, match="not tried"):
        await chain.log_in(device("bad"), ADMIN, strict.of(device("bad")))


async def test_another_credential_is_not_stopped_with_it(device: Any) -> None:
    chain, door = a_chain(), Door()
    for number in range(4):
        with pytest.raises(AuthenticationFailed):
            await chain.log_in(device(f"r{number}"), ADMIN, door.of(device()))

    assert await chain.log_in(device(), Credentials(username="ops", password=Secret("right")), door.of(device()))


async def test_a_stopped_credential_is_tried_once_more_after_the_hold_off(device: Any) -> None:
    clock, door = Clock(), Door()
    chain = a_chain(clock=clock)

    async def try_all() -> int:
        before = len(door.tried)
        for number in range(5):
            with pytest.raises(AuthenticationFailed):
                await chain.log_in(device(f"r{number}"), ADMIN, door.of(device()))
        return len(door.tried) - before

    tries = [await try_all()]
    for clock.now in (299.0, 300.0, 599.0, 600.0):
        tries.append(await try_all())

    assert tries == [3, 0, 1, 0, 1]


async def test_a_wrong_password_reaches_only_three_devices_through_the_runtime(
    make_runtime: Any, device: Any, network: Any
) -> None:
    runtime = make_runtime(settings={"credential_failures": 3})
    devices = [device(f"r{number}", ip=f"10.0.0.{number}", password="wrong") for number in range(50)]
    for one in devices:
        network.of(one.hostname).password = "right"

    outcomes = await asyncio.gather(
        *(runtime.connect(one, ReadsFacts).get_facts() for one in devices), return_exceptions=True
    )

    assert network.logins.total() == 3
    assert {type(outcome) for outcome in outcomes} == {AuthenticationFailed}


async def test_the_environment_gives_a_key_a_passphrase_and_an_enable_secret(device: Any) -> None:
    environment = {
        "NEOPS_USERNAME": "ops",
        "NEOPS_PRIVATE_KEY": "/keys/ops",
        "NEOPS_PRIVATE_KEY_PASSPHRASE": "open sesame",
        "NEOPS_ENABLE_SECRET": "up-up",
    }

    found = await EnvironmentCredentials(environment).credentials(device(), ADMIN)

    assert found == Credentials(
        username="ops",
        private_key=Path("/keys/ops"),
        passphrase=Secret("open sesame"),
        enable_secret=Secret("up-up"),
    )


async def test_a_jump_host_never_gets_what_is_for_devices(device: Any) -> None:
    hop = device(platform=Platform(short_name=JUMP_HOST))
    for_devices = EnvironmentCredentials({"NEOPS_PASSWORD": "for-devices"})
    for_both = EnvironmentCredentials({"NEOPS_PASSWORD": "for-devices", "NEOPS_JUMP_PASSWORD": "for-jump-hosts"})

    found = await for_both.credentials(hop, ADMIN)

    assert await for_devices.credentials(hop, ADMIN) is None
    assert found is not None
    assert found.password == "for-jump-hosts"
