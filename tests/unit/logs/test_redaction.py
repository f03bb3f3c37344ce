from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neops.entities import Secret
from neops.logs import MASK, Redactor, configure_logging, install

SHOULD_BE_MASKED = [
    ("password=hunter22", "hunter22"),
    ("password: 'hunter22'", "hunter22"),
    ('{"password": "hunter 22", "user": "admin"}', "hunter 22"),
    ("{'enable_secret': 'hunter22'}", "hunter22"),
    ("api_key=hunter22&x=1", "hunter22"),
    ("Authorization: Basic aHVudGVyMjI=", "aHVudGVyMjI="),
    ("sent Bearer eyJhbGciOiJIUzI1NiJ9.e30.x", "eyJhbGciOiJIUzI1NiJ9.e30.x"),
    ("polling http://worker:hunter22@engine:3030/w", "hunter22"),
    ("enable secret 9 $9$salt$hash", "$9$salt$hash"),
    ("enable password hunter22", "hunter22"),
    ("username ops privilege 15 secret 5 $1$salt$hash", "$1$salt$hash"),
    ("username ops password 7 0822455D0A16", "0822455D0A16"),
    ("line vty 0 4\n password hunter22\n login", "hunter22"),
    ("snmp-server community hunter22 RO", "hunter22"),
    (" neighbor 192.0.2.1 password 7 0822455D0A16", "0822455D0A16"),
    ("tacacs-server key 7 0822455D0A16", "0822455D0A16"),
    ('set system root-authentication encrypted-password "$6$salt$hash"', "$6$salt$hash"),
    ("set snmp community hunter22 authorization read-only", "hunter22"),
    ('secret "$9$hash"; ## SECRET-DATA', "$9$hash"),
    ("username ops secret sha512 $6$salt$hash", "$6$salt$hash"),
]

SHOULD_STAY = [
    "wrong password for device r1",
    "the password of r1 was refused, 2 tries left",
    "refused user ops; check username and password or key",
    "http://engine:3030/blackboard/job",
    "keys: 7, tokens 12",
    "ip community-list standard blue permit 65000:1",
]


@pytest.mark.parametrize(("text", "secret"), SHOULD_BE_MASKED)
def test_what_looks_like_a_secret_is_masked(text: str, secret: str) -> None:
    clean = Redactor().redact(text)

    assert secret not in clean
    assert MASK in clean
    assert clean.split(MASK)[0] in text


@pytest.mark.parametrize("text", SHOULD_STAY)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert Redactor().redact(text) == text


def test_a_known_secret_is_masked_wherever_it_stands() -> None:
    redactor = Redactor([Secret("p@ss w0rd")])

    assert redactor.redact("login p@ss w0rd failed") == f"login {MASK} failed"
    assert redactor.redact("http://x/?q=p%40ss%20w0rd") == f"http://x/?q={MASK}"


def test_the_longer_of_two_secrets_wins() -> None:
    redactor = Redactor(["lab1", "lab1-enable"])

    assert redactor.redact("lab1-enable") == MASK


def test_values_too_short_to_be_told_apart_are_not_masked() -> None:
    redactor = Redactor()
    redactor.add("no", "", None)

    assert redactor.redact("no route") == "no route"


def test_secrets_are_learnt_from_the_fields_that_hold_them() -> None:
    redactor = Redactor()

    redactor.learn({"scrapli": {"password": "hunter22", "extras": {"auth_secondary": "x", "secret": "enable-me"}}})

    assert redactor.redact("hunter22 enable-me scrapli") == f"{MASK} {MASK} scrapli"


def test_fields_with_a_secrets_name_are_masked_whatever_they_hold() -> None:
    clean = Redactor().clean({"username": "ops", "enable_password": "x", "ports": (22, 830), "nested": {"token": 1}})

    assert clean == {"username": "ops", "enable_password": MASK, "ports": [22, 830], "nested": {"token": MASK}}


@pytest.fixture
def output() -> Iterator[io.StringIO]:
    root, level = logging.getLogger(), logging.getLogger().level
    stream = io.StringIO()
    handler = configure_logging("INFO", format="json", stream=stream, redactor=Redactor(["hunter22"]))
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def test_no_part_of_a_record_shows_a_secret(output: io.StringIO) -> None:
    try:
        raise ConnectionError("refused hunter22")
    except ConnectionError:
        logging.getLogger("neops.test").exception(
            "login with %s failed", "hunter22", extra={"reply": "bad hunter22", "login": Secret("other-one")}
        )

    assert "hunter22" not in output.getvalue()
    assert "other-one" not in output.getvalue()
    assert '"reply": "bad ********", "login": "********"' in output.getvalue()


def test_install_cleans_the_handlers_of_a_logger() -> None:
    logger, stream = logging.getLogger("neops.test.alone"), io.StringIO()
    logger.addHandler(logging.StreamHandler(stream))

    install(Redactor(["hunter22"]), logger)
    logger.warning("using hunter22")
    logger.handlers.clear()

    assert stream.getvalue() == f"using {MASK}\n"


@pytest.mark.parametrize("many", [0, 500])
@pytest.mark.parametrize(
    "written",
    [
        "p@ss w0rd/<é>",
        "p%40ss%20w0rd%2F%3C%C3%A9%3E",
        "p%40ss+w0rd%2F%3C%C3%A9%3E",
        "p@ss w0rd/<\\u00e9>",
        "p@ss w0rd/<\\xc3\\xa9>",
        "p@ss w0rd/&lt;é&gt;",
    ],
)
def test_a_known_secret_is_masked_in_every_form_that_libraries_write(written: str, many: int) -> None:
    redactor = Redactor([f"another-{number}" for number in range(many)])
    redactor.add("p@ss w0rd/<é>")

    assert redactor.redact(f"sent {written} to r1") == f"sent {MASK} to r1"


@given(st.text(), st.lists(st.text(min_size=4, max_size=8), min_size=1), st.booleans())
def test_no_known_secret_is_left_however_many_there_are(text: str, secrets: list[str], many: bool) -> None:
    redactor = Redactor([*secrets, *(f"another-{number}" for number in range(200 if many else 0))])
    text += secrets[0] + text

    clean = redactor.redact(text).replace(MASK, "")

    assert not [secret for secret in secrets if secret in clean and not set(secret) <= set(MASK)]


def test_data_keeps_its_shape_and_loses_known_secrets_only() -> None:
    data = {
        "community": "65000:1",
        "password": "none of ours",
        "rows": [{"hunter-22": 1, "said": "it is hunter-22"}, None, 1.5, True],
        "kept": Secret("hunter-22"),
    }
    clean = Redactor(["hunter-22"]).mask(data)

    assert clean == {
        "community": "65000:1",
        "password": "none of ours",
        "rows": [{MASK: 1, "said": f"it is {MASK}"}, None, 1.5, True],
        "kept": "hunter-22",
    }
    assert isinstance(clean["kept"], Secret)


def test_a_word_stays_in_data_although_it_is_a_password() -> None:
    redactor = Redactor(["admin", "correcthorsebattery"])

    assert redactor.mask("administratively down") == "administratively down"
    assert redactor.mask("correcthorsebattery") == MASK
    assert redactor.redact("login as admin") == f"login as {MASK}"


def test_files_are_masked_whether_they_are_text_or_not() -> None:
    redactor = Redactor(["hunter-22é"])

    assert redactor.mask_bytes("é hunter-22é".encode()) == f"é {MASK}".encode()
    assert redactor.mask_bytes(b"\xff\x00hunter-22\xc3\xa9\x00") == b"\xff\x00" + MASK.encode() + b"\x00"
    same = b"\xffnothing"
    assert redactor.mask_bytes(same) is same
