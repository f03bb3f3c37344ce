from __future__ import annotations

import pytest

from neops.cli.reaching import device_settings


def test_a_preferred_plugin_that_is_not_there_is_a_warning_with_those_that_are(
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings = device_settings({"NEOPS_PLUGINS": "scrapli,scarpli"})

    (warning,) = caplog.records
    assert settings.plugins == ("scrapli", "scarpli")
    assert vars(warning)["NEOPS_PLUGINS"] == "scarpli"
    assert "scrapli" in vars(warning)["installed"]
