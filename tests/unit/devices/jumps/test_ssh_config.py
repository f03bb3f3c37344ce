"""Which way a file of ssh_config(5) leads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from neops.devices import ConnectionOptions, Credentials
from neops.devices.jumps.ssh_config import with_ssh_config
from neops.devices.plugin import JumpHost
from neops.entities import Secret
from neops.errors import ConnectFailed


def completed(folder: Path, text: str, **options: Any) -> ConnectionOptions:
    file = folder / "ssh_config"
    file.write_text(text)
    given = {"host": "core", "platform": "ios"} | options
    return with_ssh_config("r1", ConnectionOptions(**given), file)


def test_a_proxy_jump_is_looked_up_in_the_same_file(tmp_path: Path) -> None:
    options = completed(
        tmp_path,
        "Host core\n ProxyJump bastion\n"
        "Host bastion\n HostName 192.0.2.9\n Port 2222\n User ops\n IdentityFile /keys/b\n",
    )

    (hop,) = options.jump_hosts
    assert (hop.host, hop.port) == ("192.0.2.9", 2222)
    assert (hop.credentials.username, hop.credentials.private_key) == ("ops", Path("/keys/b"))


def test_what_the_proxy_jump_says_itself_wins(tmp_path: Path) -> None:
    text = "Host core\n ProxyJump me@bastion:22,inner\nHost bastion\n Port 2222\n User ops\n"

    assert [str(hop) for hop in completed(tmp_path, text).jump_hosts] == ["me@bastion:22", "inner"]


def test_the_jump_host_of_a_jump_host_comes_first(tmp_path: Path) -> None:
    text = "Host core\n ProxyJump inner\nHost inner\n ProxyJump outer\n"

    assert [str(hop) for hop in completed(tmp_path, text).jump_hosts] == ["outer", "inner"]


def test_the_device_is_completed_where_the_inventory_says_nothing(tmp_path: Path) -> None:
    text = "Host core\n HostName 10.0.0.1\n Port 2022\n User admin\n IdentityFile /keys/c\n ProxyJump b\n"

    silent = completed(tmp_path, text)
    told = completed(tmp_path, text, port=22, credentials=Credentials(username="me", password=Secret("pa55word")))

    assert (silent.host, silent.port) == ("10.0.0.1", 2022)
    assert (silent.credentials.username, silent.credentials.private_key) == ("admin", Path("/keys/c"))
    assert (told.host, told.port, told.credentials.username, told.credentials.private_key) == (
        "10.0.0.1",
        22,
        "me",
        None,
    )


@pytest.mark.parametrize("text", ["", "Host other\n ProxyJump b\n", "Host core\n HostName x\n"])
def test_without_a_proxy_jump_everything_stays_as_it_is(text: str, tmp_path: Path) -> None:
    hops = (JumpHost(host="of-the-settings"),)

    assert completed(tmp_path, text, jump_hosts=hops) == ConnectionOptions(host="core", platform="ios", jump_hosts=hops)


def test_proxy_jump_none_means_that_the_device_is_reached_directly(tmp_path: Path) -> None:
    options = completed(tmp_path, "Host core\n ProxyJump none\n", jump_hosts=(JumpHost(host="of-the-settings"),))

    assert options.jump_hosts == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Host core\n ProxyJump inner\nHost inner\n ProxyJump core\n", "leads in a circle"),
        ("Host core\n Port twenty-two\n", "line 2"),
        ("Host core\n ProxyJump a:b:c\n", "user@"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(text: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(
        ConnectFailed, match=f"r1: the SSH configuration {tmp_path}/ssh_config cannot be used: .*{problem}"
    ):
        completed(tmp_path, text)
