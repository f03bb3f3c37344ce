"""The block that finds a platform, on a device that is a few lines of text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from neops.devices import BlockingDevice, CommandOutput, Parse
from neops.devices.detection import Greeting
from neops.entities import Device
from neops.errors import AuthenticationFailed
from neops.library.detect import Detect
from neops.testing import CaseResult, fb_test_case


@dataclass
class Shell:
    """A device that is asked for its greeting and for commands, and given out for any device."""

    version: str
    login: Exception | None = None

    async def get_greeting(self) -> Greeting:
        if self.login is not None:
            raise self.login
        return Greeting(ssh_version="SSH-2.0-Cisco-1.25", prompt="r1#")

    async def send_command(self, command: str, *, parse: Parse | None = None) -> CommandOutput:
        del parse
        output = self.version if command == "show version" else "% Invalid input"
        return CommandOutput(device="r1", command=command, output=output, elapsed_s=0.0)

    def connect(self, device: Device, capability: object, *, job: str | None = None) -> Any:
        del device, capability, job
        return self

    def connect_blocking(self, device: Device, capability: object, *, job: str | None = None) -> BlockingDevice:
        raise NotImplementedError

    def served_by(self, device: Device) -> tuple[str, ...]:
        del device
        return ("scrapli",)


XE = Shell("Cisco IOS XE Software, Version 17.09.04a")
NOBODY = {"platform": None}
REFUSED = Shell("", login=AuthenticationFailed("r1", "permission denied"))


@fb_test_case(Detect, device=NOBODY, connector=XE)
def test_a_platform_that_is_found_is_kept_on_the_device(result: CaseResult) -> None:
    assert result.message == "cisco_xe: show version: Cisco IOS XE Software, Version 17.09.04a"
    assert result.changes["platform"]["short_name"] == "cisco_xe"
    assert (result.data["platform"], result.data["changed"]) == ("cisco_xe", True)
    assert result.data["candidates"][0]["score"] > 0.99


@fb_test_case(Detect, device={"platform": "linux"}, connector=XE)
def test_a_device_that_has_a_platform_is_left_alone(result: CaseResult) -> None:
    assert (result.success, result.message, result.changes) == (True, "is linux already", {})


@fb_test_case(Detect, params={"again": True}, device={"platform": "linux"}, connector=XE)
def test_it_is_asked_again_on_request(result: CaseResult) -> None:
    assert result.changes["platform"]["short_name"] == "cisco_xe"


@fb_test_case(Detect, params={"again": True}, device={"platform": "cisco_xe"}, connector=XE)
def test_what_is_confirmed_changes_nothing(result: CaseResult) -> None:
    assert (result.data["changed"], "platform" in result.changes) == (False, False)


@fb_test_case(Detect, device=NOBODY, connector=Shell("ToasterOS 1.0"))
def test_a_device_that_nobody_knows_is_a_failure_with_what_it_said(result: CaseResult) -> None:
    assert (result.success, result.error, result.data["platform"]) == (False, None, None)
    assert result.message == "the platform is not known; perhaps cisco_ios 40%, cisco_xe 40%, cisco_asa 20%"
    assert {"source": "show version", "text": "ToasterOS 1.0"} in result.data["evidence"]
    assert "platform" not in result.changes


@fb_test_case(Detect, device=NOBODY, connector=REFUSED)
def test_a_refused_password_is_an_error(result: CaseResult) -> None:
    assert result.error is not None
    assert result.error.type == "AuthenticationFailed"
