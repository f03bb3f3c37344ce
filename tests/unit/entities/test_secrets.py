from __future__ import annotations

import copy
import json
import logging
import pickle

import pytest

from neops.entities import MASK, REVEAL, Device, Secret


@pytest.fixture
def secret() -> Secret:
    return Secret("hunter2-café")


def test_no_printed_form_shows_the_text(secret: Secret) -> None:
    printed = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r}",
        f"{secret:>20}",
        "%s" % secret,  # noqa: UP031
        "{}".format(secret),  # noqa: UP032
    ]

    assert all("hunter2" not in form for form in printed)


def test_a_log_line_does_not_show_the_text(secret: Secret, caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("test").warning("password is %s", secret)

    assert "hunter2" not in caplog.text


def test_a_library_that_encodes_or_concatenates_gets_the_real_text(secret: Secret) -> None:
    assert secret.encode() == "hunter2-café".encode()
    assert secret + "\n" == "hunter2-café\n"
    assert secret == "hunter2-café"
    assert len(secret) == 12


def test_reveal_is_an_ordinary_string(secret: Secret) -> None:
    assert type(secret.reveal()) is str
    assert secret.reveal() == "hunter2-café"


def test_it_survives_copy_and_pickle(secret: Secret) -> None:
    assert copy.deepcopy(secret).reveal() == pickle.loads(pickle.dumps(secret)).reveal() == secret.reveal()


def test_a_device_masks_its_password_unless_the_writer_asks_for_it(secret: Secret) -> None:
    device = Device(id=1, hostname="r1", password=secret)

    assert json.loads(device.model_dump_json())["password"] == MASK
    assert device.model_dump()["password"] == MASK
    assert json.loads(device.model_dump_json(context=REVEAL))["password"] == "hunter2-café"
    assert "hunter2" not in repr(device)
    assert isinstance(device.password, Secret)


def test_a_secret_of_a_secret_is_the_same_text() -> None:
    assert Secret(Secret("cisco123")).reveal() == "cisco123"
