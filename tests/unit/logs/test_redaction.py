from __future__ import annotations

import base64
import io
import logging
import time
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
    ("password=b'hunter 22'", "hunter 22"),
    ('password="hunter\\"22"', "22"),
    ('{"connection_options": "{\\"napalm\\": {\\"password\\": \\"hunter22\\"}}"}', "hunter22"),
    ("neops run --password hunter22", "hunter22"),
    ("Cookie: sessionid=hunter22", "hunter22"),
    ("postgresql://neops:hunt@er/22@db/neops", "er/22"),
    ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz\naHVudGVyMjI=\n-----END OPENSSH PRIVATE KEY-----", "aHVudGVyMjI="),
    ("root:$6$salt$hash:19000:0:99999:7:::", "$6$salt$hash"),
    ("<encrypted-password>hunter22</encrypted-password>", "hunter22"),
    ("<community>\n  <name>hunter22</name>\n  <authorization>", "hunter22"),
    ("read: b'line vty 0 4\\n password hunter22\\n login'", "hunter22"),
    ("enable secret level 15 9 $9$salt$hash", "$9$salt$hash"),
    (" neighbor 192.0.2.1 password hunter22", "hunter22"),
    (" isis password hunter22 level-2", "hunter22"),
    ("tacacs-server host 192.0.2.1 key hunter22", "hunter22"),
    (" server-private 192.0.2.1 key 7 0822455D0A16", "0822455D0A16"),
    ("radius server isp\n address ipv4 192.0.2.1\n key hunter22", "hunter22"),
    (" ip ospf message-digest-key 1 md5 hunter22", "hunter22"),
    (" ip ospf authentication-key hunter22", "hunter22"),
    ("ntp authentication-key 1 md5 hunter22", "hunter22"),
    ("set protocols bgp group x authentication-key hunter22", "hunter22"),
    ("key chain x\n key 1\n  key-string hunter22", "hunter22"),
    (" standby 1 authentication hunter22", "hunter22"),
    ("crypto isakmp key hunter22 address 192.0.2.1", "hunter22"),
    (" pre-shared-key local hunter22", "hunter22"),
    ("snmp-server host 192.0.2.1 version 2c hunter22", "hunter22"),
    ("snmp-server user ops group v3 auth sha hunter22", "hunter22"),
    ("snmp-server user ops group v3 auth sha x priv aes 128 hunter22", "hunter22"),
    ("snmp-agent community read cipher hunter22", "hunter22"),
    ("local-user ops password irreversible-cipher hunter22", "hunter22"),
    ("super password level 3 cipher hunter22", "hunter22"),
    ('password manager user-name ops sha1 "hunter22"', "hunter22"),
]

SHOULD_STAY = [
    "wrong password for device r1",
    "the password of r1 was refused, 2 tries left",
    "refused user ops; check username and password or key",
    "http://engine:3030/blackboard/job",
    "keys: 7, tokens 12",
    "ip community-list standard blue permit 65000:1",
    "set community 65000:1 additive",
    "policy-options { community blue members 65000:1; }",
    "<community><name>blue</name><members>65000:1</members></community>",
    "key chain blue\n key 1",
    "service password-encryption",
    "aaa authentication login default group tacacs+ local",
    "ip ospf authentication message-digest",
    "snmp-server host 192.0.2.1 version 3 priv ops",
    "snmp-server user ops group v3",
    "snmp-server enable traps",
    '"password": {"minimum": 8}',
    "no matching cipher found",
    "http://engine:3030/groups/ops@example.net",
]

LONG = [
    "a-",
    "\n",
    "password ",
    "username x ",
    "://",
    'password="',
    "authorization: a",
    "key ",
    "-----BEGIN PRIVATE KEY",
    "<a",
    "\\n ",
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


@pytest.mark.parametrize("unit", LONG)
def test_no_text_takes_longer_than_in_proportion_to_its_length(unit: str) -> None:
    text = "password secret key authentication ://" + unit * (40_000 // len(unit)) + "x"
    started = time.process_time()

    Redactor().redact(text)

    assert time.process_time() - started < 1.0


def test_a_known_secret_is_masked_wherever_it_stands() -> None:
    redactor = Redactor([Secret("p@ss w0rd")])

    assert redactor.redact("login p@ss w0rd failed") == f"login {MASK} failed"
    assert redactor.redact("http://x/?q=p%40ss%20w0rd") == f"http://x/?q={MASK}"


def test_the_longer_of_two_secrets_wins() -> None:
    redactor = Redactor(["lab1", "lab1-enable"])

    assert redactor.redact("lab1-enable") == MASK


def test_of_secrets_that_overlap_nothing_is_left() -> None:
    redactor = Redactor(["hunter22", "r22-enable"])

    assert redactor.redact("x hunter22-enable y") == f"x {MASK} y"
    assert redactor.mask_bytes(b"\xff hunter22-enable y") == f"\xff {MASK} y".encode("latin-1")


def test_of_a_secret_that_another_one_stands_in_nothing_is_left() -> None:
    assert Redactor(["the-hunter22-of-all", "hunter22"]).redact("x the-hunter22-of-all y") == f"x {MASK} y"


@pytest.mark.parametrize("before", ["", "a", "ab", "neops:"])
@pytest.mark.parametrize("after", ["", "\n", "xy"])
def test_a_known_secret_is_found_in_base64_of_a_text_that_it_stands_in(before: str, after: str) -> None:
    written = base64.b64encode(f"{before}hünter-22{after}".encode()).decode()

    clean = Redactor(["hünter-22"]).redact(written)

    assert MASK in clean
    assert len(clean.replace(MASK, "")) <= len(base64.b64encode(f"{before}{after}".encode())) + 4


def test_values_too_short_to_be_told_apart_are_not_masked() -> None:
    redactor = Redactor()
    redactor.add("no", "", None)

    assert redactor.redact("no route") == "no route"


def test_secrets_are_learnt_from_the_fields_that_hold_them() -> None:
    redactor = Redactor()

    redactor.learn({"scrapli": {"password": "hunter22", "extras": {"auth_secondary": "x", "secret": "enable-me"}}})
    redactor.learn({"jump_hosts": [{"host": "inner", "password": "of-inner"}], "passwords": {"password": ["old-one"]}})

    assert redactor.redact("hunter22 enable-me scrapli") == f"{MASK} {MASK} scrapli"
    assert redactor.redact("inner of-inner old-one") == f"inner {MASK} {MASK}"


def test_what_is_called_like_a_secret_and_is_none_is_not_learnt() -> None:
    redactor = Redactor()
    key = "-----BEGIN PRIVATE KEY-----\nMC4CAQAw\n-----END PRIVATE KEY-----\n"

    redactor.learn({"private_key": "/keys/ops", "community": "65000:1", "tls": {"private_key": key}})

    assert redactor.redact("/keys/ops 65000:1") == "/keys/ops 65000:1"
    assert "MC4CAQAw" not in redactor.redact(key)


def test_fields_with_a_secrets_name_are_masked_whatever_they_hold() -> None:
    clean = Redactor().clean({"username": "ops", "enable_password": "x", "ports": (22, 830), "nested": {"token": 1}})

    assert clean == {"username": "ops", "enable_password": MASK, "ports": [22, 830], "nested": {"token": MASK}}


def test_a_secret_may_be_a_key() -> None:
    fields = {"by": {"hunter22": 1, 7: None, ("hunter22", 1): 2}}

    assert Redactor(["hunter22"]).clean(fields) == {"by": {MASK: 1, 7: None, f"('{MASK}', 1)": 2}}


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


def test_a_stack_that_is_logged_shows_no_secret() -> None:
    logger, stream = logging.getLogger("neops.test.alone"), io.StringIO()
    logger.addHandler(logging.StreamHandler(stream))

    install(Redactor(["hunter22"]), logger)
    logger.warning("who logs in", stack_info=True)  # a stack quotes this line: hunter22
    logger.handlers.clear()

    assert f"this line: {MASK}" in stream.getvalue()


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
        "cEBzcyB3MHJkLzzDqT4=",
        "7040737320773072642f3cc3a93e",
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
