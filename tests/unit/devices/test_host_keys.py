import base64
import hashlib
import hmac
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from neops.devices import HostKeyPolicy, HostKeys
from neops.devices.host_keys import HostKey, KnownHosts, check_host_key, strict_excerpt
from neops.errors import HostKeyRejected

# GitHub's and GitLab's published keys
ONE = HostKey("ssh-ed25519", "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl")
TWO = HostKey("ssh-ed25519", "AAAAC3NzaC1lZDI1NTE5AAAAIAfuCHKVTjquxvt6CM6tdG4SLp1Btn/nOeHHE5UOzRdf")


def line(names: str, key: HostKey, marker: str = "") -> str:
    return f"{marker} {names} {key.type} {key.blob} somebody@example\n".lstrip()


def hashed(name: str) -> str:
    salt = b"01234567890123456789"
    digest = hmac.new(salt, name.encode(), hashlib.sha1).digest()
    return f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ssh" / "known_hosts"


@pytest.fixture
def file(path: Path) -> Path:
    path.parent.mkdir()
    return path


def test_the_fingerprint_is_that_of_ssh_keygen() -> None:
    assert ONE.fingerprint == "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"


@pytest.mark.parametrize(
    ("names", "host", "port"),
    [
        ("r1", "r1", 22),
        ("r1", "R1", None),
        ("r1,192.0.2.1", "192.0.2.1", 22),
        ("[r1]:2222", "r1", 2222),
        ("*.example.net", "r1.example.net", 22),
        ("192.0.2.?", "192.0.2.7", 22),
        (hashed("r1"), "r1", 22),
        (hashed("[r1]:2222"), "r1", 2222),
    ],
)
def test_a_host_is_found_by_every_form_of_its_name(names: str, host: str, port: int | None, file: Path) -> None:
    file.write_text("# comment\n\n" + line("other", TWO) + line(names, ONE))

    assert KnownHosts(file).keys(host, port) == (ONE,)


@pytest.mark.parametrize(
    ("names", "host", "port"),
    [("r1", "r1", 2222), ("[r1]:2222", "r1", 22), ("*.net,!r1.net", "r1.net", 22), (hashed("r2"), "r1", 22)],
)
def test_another_host_port_or_a_denied_name_is_not_found(names: str, host: str, port: int, file: Path) -> None:
    file.write_text(line(names, ONE))

    assert KnownHosts(file).keys(host, port) == ()


def test_a_revoked_key_and_an_authority_are_no_known_keys(file: Path) -> None:
    file.write_text(line("r1", ONE) + line("r1", ONE, "@revoked") + line("r1", TWO, "@cert-authority"))
    known = KnownHosts(file)

    assert known.keys("r1") == ()
    assert known.is_revoked("r1", 22, ONE)


def test_broken_lines_are_passed_over(file: Path) -> None:
    file.write_text("nonsense\n|1|broken ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA\n" + line("r1", ONE))

    assert KnownHosts(file).keys("r1") == (ONE,)


def test_a_new_key_is_remembered_below_a_last_line_without_line_break(file: Path) -> None:
    file.write_text(line("r2", TWO).rstrip())

    KnownHosts(file).remember("r1", 2222, ONE)

    assert KnownHosts(file).keys("r1", 2222) == (ONE,)
    assert KnownHosts(file).keys("r2") == (TWO,)


def test_the_file_and_its_folder_are_made_when_they_are_missing(path: Path) -> None:
    KnownHosts(path).remember("r1", 22, ONE)

    assert path.read_text() == f"r1 {ONE.type} {ONE.blob}\n"
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_what_another_process_adds_is_seen(path: Path) -> None:
    ours, theirs = KnownHosts(path), KnownHosts(path)
    assert ours.keys("r1") == ()

    theirs.remember("r1", 22, ONE)

    assert ours.keys("r1") == (ONE,)


def test_the_first_of_two_that_remember_a_host_wins(path: Path) -> None:
    ours, theirs = KnownHosts(path), KnownHosts(path)

    theirs.remember("r1", 22, ONE)
    ours.remember("r1", 22, TWO)

    assert ours.keys("r1") == (ONE,)


def test_many_threads_lose_no_line(path: Path) -> None:
    files = [KnownHosts(path) for _ in range(4)]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: files[n % 4].remember(f"r{n}", 22, ONE), range(200)))

    assert len(path.read_text().splitlines()) == 200


def test_a_new_host_is_accepted_once_and_remembered(path: Path) -> None:
    host_keys = HostKeys(policy="accept-new", known_hosts=path)

    check_host_key("core", "r1", 22, ONE, host_keys)

    with pytest.raises(HostKeyRejected, match=r"core: r1 shows .*another machine.*ssh-keygen -R 'r1'"):
        check_host_key("core", "r1", 22, TWO, host_keys)


def test_a_new_host_is_rejected_under_strict_and_not_remembered(path: Path) -> None:
    with pytest.raises(
        HostKeyRejected, match=r"core: \[r1\]:2222 shows the SSH host key SHA256:.*unknown.* accept-new"
    ):
        check_host_key("core", "r1", 2222, ONE, HostKeys(policy="strict", known_hosts=path))

    assert not path.exists()


def test_a_known_host_with_a_key_of_another_type_is_rejected(file: Path) -> None:
    file.write_text(line("r1", ONE))

    with pytest.raises(HostKeyRejected):
        check_host_key("core", "r1", 22, HostKey("ssh-rsa", TWO.blob), HostKeys(known_hosts=file))


def test_a_revoked_key_is_not_learned_again(file: Path) -> None:
    file.write_text(line("r1", ONE, "@revoked"))

    with pytest.raises(HostKeyRejected):
        check_host_key("core", "r1", 22, ONE, HostKeys(known_hosts=file))

    assert file.read_text() == line("r1", ONE, "@revoked")


def test_nothing_is_checked_or_written_when_the_policy_is_off(path: Path) -> None:
    check_host_key("core", "r1", 22, ONE, HostKeys(policy="off", known_hosts=path))

    assert not path.exists()


def test_the_users_own_file_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))

    check_host_key("core", "home.example", 22, ONE, HostKeys())

    assert KnownHosts(tmp_path / ".ssh" / "known_hosts").keys("home.example") == (ONE,)


def test_a_library_that_reads_a_file_gets_this_host_alone(file: Path) -> None:
    file.write_text(line("r2", TWO) + line(hashed("r1"), ONE))

    with strict_excerpt("core", "r1", 22, HostKeys(known_hosts=file), fetch=never) as excerpt:
        text = excerpt.read_text()

    assert text == f"r1 {ONE.type} {ONE.blob}\n"
    assert not excerpt.exists()


def test_the_key_of_a_new_host_is_fetched_first(path: Path) -> None:
    with strict_excerpt("core", "r1", 2222, HostKeys(known_hosts=path), fetch=lambda: ONE) as excerpt:
        text = excerpt.read_text()

    assert text == f"[r1]:2222 {ONE.type} {ONE.blob}\n"


def test_a_fetched_key_is_not_believed_under_strict(path: Path) -> None:
    with (
        pytest.raises(HostKeyRejected),
        strict_excerpt("core", "r1", 22, HostKeys(policy="strict", known_hosts=path), fetch=lambda: ONE),
    ):
        pass


def never() -> HostKey:
    raise AssertionError("the host is known: nobody has to be asked")


@pytest.mark.parametrize("policy", ["accept-new", "strict"])
def test_a_file_that_cannot_be_used_is_named_and_is_not_the_devices_fault(
    policy: HostKeyPolicy, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    host_keys = HostKeys(policy=policy, known_hosts=tmp_path / "file" / "known_hosts")
    said = r"^r1: known host keys: .*/known_hosts cannot be used: Not a directory; "

    with pytest.raises(HostKeyRejected, match=said):
        check_host_key("r1", "192.0.2.1", 22, ONE, host_keys)
    with (
        pytest.raises(HostKeyRejected, match=said),
        strict_excerpt("r1", "192.0.2.1", 22, host_keys, fetch=lambda: ONE),
    ):
        pass
