"""Settings: typed, frozen, and an unknown key stops the start."""

import dataclasses
import re
from pathlib import Path

import pytest

from tollbook.wiring.settings import Settings, SettingsError, load_settings

ROOT = Path(__file__).parents[2]


def test_the_later_source_wins(tmp_path: Path) -> None:
    (tmp_path / "tollbook.toml").write_text('port = 8100\nsite_zone = "Europe/Berlin"\n', "utf-8")

    settings = load_settings(data_dir=tmp_path, environment={"TOLLBOOK_PORT": "8200"})

    assert (settings.port, settings.site_zone) == (8200, "Europe/Berlin")


@pytest.mark.parametrize(
    ("document", "environment", "words"),
    [
        ("prot = 8100", {}, ['no setting "prot"', "tollbook.toml", "did not start"]),
        ('port = "8100"', {}, ['"port"', "whole number"]),
        ("debug = true", {}, ['no setting "debug"']),
        ("", {"TOLLBOOK_PROT": "1"}, ["TOLLBOOK_PROT", 'no setting "prot"']),
        ("", {"TOLLBOOK_PORT": "many"}, ["TOLLBOOK_PORT", "whole number"]),
        ('database = "mysql://x"', {}, ["postgresql://"]),
        ("port = ", {}, ["not a TOML file"]),
        ("port = 70000", {}, ["70000"]),
    ],
)
def test_a_wrong_setting_stops_the_start_and_is_named(
    tmp_path: Path, document: str, environment: dict[str, str], words: list[str]
) -> None:
    (tmp_path / "tollbook.toml").write_text(document, "utf-8")

    with pytest.raises(SettingsError) as fault:
        load_settings(data_dir=tmp_path, environment=environment)

    for word in words:
        assert word in str(fault.value)


def test_settings_are_frozen_and_hide_the_secret(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path, environment={})

    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.port = 1  # type: ignore[misc]
    assert settings.secret_key not in repr(settings)
    assert (tmp_path / "secret.key").stat().st_mode & 0o077 == 0
    assert load_settings(data_dir=tmp_path, environment={}).secret_key == settings.secret_key


def test_every_setting_stands_in_the_manual_and_no_other() -> None:
    manual = (ROOT / "docs/manual/settings.md").read_text("utf-8")
    documented = set(re.findall(r"^\| `([a-z_]+)`", manual, re.MULTILINE))

    assert documented == {known.name for known in dataclasses.fields(Settings)}
