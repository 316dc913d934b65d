"""Settings: one typed, frozen value from a TOML file and the environment.

Order, the later wins: the defaults below, `tollbook.toml` in the data folder (or the file that
TOLLBOOK_CONFIG names), environment variables `TOLLBOOK_<KEY>`. A key nobody knows stops the
start. Every key is explained in docs/manual/settings.md; a test holds the two together.
"""

import os
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import reset_tzpath

from tollbook.storage.settings import Settings

__all__ = ["Settings", "SettingsError", "current_settings", "load_settings"]

# Prices must not depend on the machine: tzdata is the only source of time zones.
reset_tzpath(())

PREFIX = "TOLLBOOK_"
NOT_SETTINGS = frozenset({"TOLLBOOK_CONFIG", "TOLLBOOK_DATA"})
RESERVED_PREFIXES = ("TOLLBOOK_TEST_", "TOLLBOOK_BENCH_")


class SettingsError(Exception):
    """A setting that stops the start; the message names key, file and next step."""


def load_settings(
    *,
    data_dir: Path | None = None,
    environment: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Settings:
    """Return the settings of the installation in *data_dir*.

    Raises SettingsError for a key that is not known or a value of the wrong kind.
    """
    env = os.environ if environment is None else environment
    folder = data_dir or Path(env.get("TOLLBOOK_DATA", "data"))
    file = Path(env.get("TOLLBOOK_CONFIG", folder / "tollbook.toml"))
    values: dict[str, Any] = {"data_dir": folder.absolute()}
    values.update(_from_file(file))
    values.update(_from_environment(env))
    values.update(overrides or {})
    settings = _checked(Settings(**values))
    return settings if settings.secret_key else replace(settings, secret_key=_secret(folder))


@lru_cache(maxsize=1)
def current_settings() -> Settings:
    """Return this process's settings: read once, at its start."""
    return load_settings()


def _from_file(file: Path) -> dict[str, Any]:
    try:
        document = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise SettingsError(
            f"{file}: not a TOML file: {fault}. Mend it, then start again."
        ) from fault
    return {key: _typed(key, value, place=str(file)) for key, value in document.items()}


def _from_environment(env: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, text in env.items():
        if (
            not name.startswith(PREFIX)
            or name in NOT_SETTINGS
            or name.startswith(RESERVED_PREFIXES)
        ):
            continue
        key = name.removeprefix(PREFIX).lower()
        found[key] = _typed(key, _parsed(key, text), place=f"the environment variable {name}")
    return found


def _parsed(key: str, text: str) -> object:
    """Turn an environment variable's text into the kind that the setting has."""
    kind = _kind(key)
    if kind is bool and text.lower() in {"true", "false", "1", "0", "yes", "no"}:
        return text.lower() in {"true", "1", "yes"}
    if kind is int and text.lstrip("-").isdigit():
        return int(text)
    if kind is tuple:
        return [part.strip() for part in text.split(",") if part.strip()]
    return text


def _kind(key: str) -> type | None:
    defaults = {known.name: known.default for known in fields(Settings)}
    if key not in defaults:
        return None
    return type(defaults[key])


def _typed(key: str, value: object, *, place: str) -> object:
    kind = _kind(key)
    if kind is None:
        known = ", ".join(sorted(known.name for known in fields(Settings)))
        raise SettingsError(
            f'{place}: there is no setting "{key}". Tollbook did not start. Known: {known}.'
        )
    if kind is tuple and isinstance(value, list) and all(isinstance(part, str) for part in value):
        return tuple(value)
    if issubclass(kind, Path) and isinstance(value, str):
        return Path(value).absolute()
    if type(value) is kind:
        return value
    raise SettingsError(
        f'{place}: setting "{key}" is {value!r}, expected {_words(kind)}. Tollbook did not start.'
    )


def _words(kind: type) -> str:
    if issubclass(kind, Path):
        return "a path in quotes"
    return {bool: "true or false", int: "a whole number", tuple: "a list of texts"}.get(
        kind, "a text"
    )


def _checked(settings: Settings) -> Settings:
    if not (settings.database == "sqlite" or settings.uses_postgresql):
        raise SettingsError(
            'setting "database" must be "sqlite" or "postgresql://user:password@host/name". '
            "Tollbook did not start."
        )
    if not 1 <= settings.port <= 65535:
        raise SettingsError(
            f'setting "port" is {settings.port}, expected 1 to 65535. Tollbook did not start.'
        )
    for name in ("agi_port", "authorise_port"):
        if not 0 <= getattr(settings, name) <= 65535:
            raise SettingsError(
                f'setting "{name}" is {getattr(settings, name)}, expected 0 (off) to 65535. '
                "Tollbook did not start."
            )
    return settings


def _secret(folder: Path) -> str:
    """Return the key that signs cookies, made once and readable by the owner only."""
    file = folder / "secret.key"
    try:
        return file.read_text("ascii").strip()
    except FileNotFoundError:
        folder.mkdir(parents=True, exist_ok=True)
    key = secrets.token_urlsafe(48)
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # Another process of the same start was first.
        return file.read_text("ascii").strip()
    with os.fdopen(handle, "w", encoding="ascii") as out:
        out.write(key + "\n")
    return key
