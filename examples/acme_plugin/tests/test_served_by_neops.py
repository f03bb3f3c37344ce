from acme_device import AcmeDevice

from neops.devices import DeviceRuntime, RunsCommands
from neops.testing import create_workflow_context


async def test_a_block_reaches_acme_without_knowing_it(acme: AcmeDevice) -> None:
    gate = {
        "hostname": "gate-1",
        "ip": "127.0.0.1",
        "port": acme.port,
        "username": "admin",
        "password": "secret",
        "platform": "acme_os",
    }
    with DeviceRuntime() as runtime:
        context = create_workflow_context(devices=[gate], connector=runtime)
        device = context.connect(RunsCommands)
        answers = await device.send_commands(["show version", "show version | json"])

    assert answers[0].output.startswith("Acme OS 4.2")
    assert runtime.served_by(context.device) == ("acme",)
    assert acme.logins == 1
