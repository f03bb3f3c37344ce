"""Credentials in a file: which rule is for a device, and what never shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from neops.devices import Credentials
from neops.devices.credentials.file import FileCredentials
from neops.devices.credentials.keyring import KeyringCredentials
from neops.entities import EntityReference, Platform, Secret
from neops.errors import SettingsInvalid

YAML = """\
credentials:
  - devices: ["core-*", 192.0.2.66]
    username: core
    password: core-pw
    enable_secret: core-en
  - groups: dc-*
    platforms: [arista_*, cisco_nxos]
    username: dc
    password: dc-pw
  - platforms: cisco_ios
    password: ios-pw
  - username: rest
    private_key: /keys/id
"""

TOML = """\
[[credentials]]
devices = ["core-*"]
username = "core"
password = "core-pw"
"""


@pytest.fixture
def written(tmp_path: Path) -> Any:
    def write(text: str, name: str = "credentials.yaml", mode: int = 0o600) -> Path:
        file = tmp_path / name
        file.write_text(text)
        file.chmod(mode)
        return file

    return write


def given(file: Path, device: Any, known: Credentials | None = None) -> Any:
    return FileCredentials(file).credentials(device, known or Credentials(username="inv", enable_secret=Secret("en")))


def test_the_first_rule_that_matches_counts(written: Any, device: Any) -> None:
    file = written(YAML)

    assert given(file, device("Core-1")).password == "core-pw"
    assert given(file, device("edge-1", ip="192.0.2.66")).username == "core"
    assert given(file, device("edge-1")).password == "ios-pw"
    linux = device("x", platform=Platform(short_name="linux"))
    assert given(file, linux).private_key == Path("/keys/id")


def test_all_conditions_of_a_rule_have_to_match(written: Any, device: Any) -> None:
    file = written(YAML)
    arista, groups = Platform(short_name="arista_eos"), [EntityReference(name="dc-west")]

    assert given(file, device("leaf-1", platform=arista, groups=groups)).username == "dc"
    assert given(file, device("leaf-1", platform=arista)).username == "rest"


def test_what_a_rule_does_not_say_comes_from_the_inventory(written: Any, device: Any) -> None:
    found = given(written(YAML), device("edge-1"))

    assert (found.username, found.password, found.enable_secret) == ("inv", "ios-pw", "en")


def test_a_jump_host_gets_what_is_for_jump_hosts_only(written: Any, device: Any) -> None:
    hop = device("bastion", platform=Platform(short_name="jump_host"))
    named = YAML + "  - {platforms: jump_host, username: hop, private_key: /keys/hop, passphrase: phrase-1}\n"

    assert given(written(YAML), hop) is None
    assert given(written(named), hop) == Credentials(
        username="hop", private_key=Path("/keys/hop"), passphrase=Secret("phrase-1"), enable_secret=Secret("en")
    )


def test_toml_is_read_too(written: Any, device: Any) -> None:
    assert given(written(TOML, "credentials.toml"), device("core-1")).password == "core-pw"
    assert given(written(TOML, "credentials.toml"), device("edge-1")) is None


def test_a_file_that_has_changed_is_read_again(written: Any, device: Any) -> None:
    file = written(TOML, "c.toml")
    provider = FileCredentials(file)
    file.write_text(TOML.replace("core-pw", "rotated"))

    found = provider.credentials(device("core-1"), Credentials())

    assert found is not None
    assert found.password == "rotated"


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o602])
def test_a_file_that_everybody_may_read_is_refused(written: Any, mode: int) -> None:
    file = written(YAML, mode=mode)

    with pytest.raises(SettingsInvalid, match="everybody may read or write it: chmod 600"):
        FileCredentials(file)


def test_it_is_refused_also_when_it_becomes_so_later(written: Any, device: Any) -> None:
    file = written(YAML)
    provider = FileCredentials(file)
    file.chmod(0o644)

    with pytest.raises(SettingsInvalid, match="everybody"):
        provider.credentials(device(), Credentials())


@pytest.mark.parametrize(
    ("text", "name", "problem"),
    [
        ("credentials: [{password: hunter22, user: x}]", "c.yaml", "credentials.0.user: Extra inputs"),
        (
            "credentials: [{password: 22334455, username: x}]",
            "c.yaml",
            "credentials.0.password: Input should be a valid string: put it in quotes",
        ),
        ("credentials: [{username: hunter22}]", "c.yaml", "credentials.0: Value error, neither password nor private_k"),
        ("credentials:\n - {password: hunter22, ]", "c.yaml", "is not YAML at line 2"),
        ("password = hunter22", "c.toml", "is not TOML at line 1, column 12"),
        ("- hunter22", "c.yaml", "the file: Input should be"),
    ],
)
def test_a_mistake_is_named_by_its_place_and_shows_nothing(written: Any, text: str, name: str, problem: str) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        FileCredentials(written(text, name))

    assert problem in str(caught.value)
    assert "hunter22" not in str(caught.value)
    assert "22334455" not in str(caught.value)


def test_a_file_that_is_not_named_or_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="NEOPS_CREDENTIALS_FILE is not set"):
        FileCredentials.from_environment({})
    with pytest.raises(SettingsInvalid, match=r"gone\.yaml: cannot be read: No such file"):
        FileCredentials.from_environment({"NEOPS_CREDENTIALS_FILE": str(tmp_path / "gone.yaml")})


class Entry:
    def __init__(self, username: str, password: str) -> None:
        self.username, self.password = username, password


class Store:
    """A key store in memory, as keyring's backends behave."""

    def __init__(self, entries: dict[tuple[str, str], str]) -> None:
        self.entries = entries

    def get_password(self, service: str, username: str, /) -> str | None:
        return self.entries.get((service, username))

    def get_credential(self, service: str, username: str | None, /) -> Entry | None:
        for (kept_for, user), password in self.entries.items():
            if kept_for == service and username in (None, user):
                return Entry(user, password)
        return None


def test_the_key_store_is_asked_for_the_device_then_for_all(device: Any) -> None:
    store = Store({("neops/core-1", "admin"): "core-pw", ("neops", "admin"): "all-pw", ("neops", "enable"): "en"})
    provider = KeyringCredentials(store=store)

    core = provider.credentials(device("core-1"), Credentials(username="admin"))
    edge = provider.credentials(device("edge-1"), Credentials())

    assert core == Credentials(username="admin", password=Secret("core-pw"))
    assert edge == Credentials(username="admin", password=Secret("all-pw"), enable_secret=Secret("en"))
    assert provider.credentials(device("edge-1"), Credentials(username="nobody")) is None
    assert provider.credentials(device("hop", platform=Platform(short_name="jump_host")), Credentials()) is None


def test_the_real_library_is_asked_when_there_is_one(device: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    keyring = pytest.importorskip("keyring")
    backend = pytest.importorskip("keyring.backend")

    class Memory(backend.KeyringBackend):  # type: ignore[misc,name-defined]  # importorskip gives Any
        priority = 1

        def get_password(self, service: str, username: str) -> str | None:
            return json.loads('{"neops/r1": "kept-pw"}').get(service) if username == "admin" else None

        def set_password(self, service: str, username: str, password: str) -> None: ...

    monkeypatch.setattr(keyring, "get_keyring", Memory)

    found = KeyringCredentials.from_environment({}).credentials(device("r1"), Credentials(username="admin"))

    assert found == Credentials(username="admin", password=Secret("kept-pw"))
