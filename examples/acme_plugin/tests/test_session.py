import asyncio

import pytest
from acme_device import AcmeDevice
from acme_neops.session import AcmeSession

from neops.devices import ConnectionOptions, Credentials
from neops.entities import Secret
from neops.errors import AuthenticationFailed, ParseFailed, SessionLost, Unreachable


def session(acme: AcmeDevice, password: str = "secret") -> AcmeSession:
    options = ConnectionOptions(
        host="127.0.0.1",
        port=acme.port,
        platform="acme_os",
        credentials=Credentials(username="admin", password=Secret(password)),
    )
    return AcmeSession("gate-1", options)


async def test_a_command_gives_its_lines_back(acme: AcmeDevice) -> None:
    gate = session(acme)
    await gate.open()

    assert (await gate.send_command("show version")).output == "Acme OS 4.2\n.build 1077"
    await gate.close()


async def test_a_rejected_command_is_an_answer(acme: AcmeDevice) -> None:
    gate = session(acme)
    await gate.open()
    answer = await gate.send_command("show nothing")

    assert answer.rejected
    assert "unknown command" in answer.output
    await gate.close()


async def test_json_is_parsed_and_other_text_is_refused(acme: AcmeDevice) -> None:
    gate = session(acme)
    await gate.open()

    assert (await gate.send_command("show version | json", parse="json")).parsed == {"version": "4.2", "build": 1077}
    with pytest.raises(ParseFailed, match="not JSON"):
        await gate.send_command("show version", parse="json")
    await gate.close()


async def test_a_wrong_password_is_not_an_unreachable_device(acme: AcmeDevice) -> None:
    with pytest.raises(AuthenticationFailed, match="gate-1"):
        await session(acme, "wrong").open()


async def test_nothing_listening_is_an_unreachable_device() -> None:
    async with AcmeDevice() as gone:
        gate = session(gone)

    with pytest.raises(Unreachable, match="gate-1"):
        await gate.open()


async def test_abort_wakes_whoever_waits(acme: AcmeDevice) -> None:
    gate = session(acme)
    await gate.open()
    waiting = asyncio.create_task(gate.send_command("hang"))
    await asyncio.sleep(0)
    gate.abort()

    with pytest.raises(SessionLost):
        await waiting
    assert not await gate.alive()
    await gate.close()
