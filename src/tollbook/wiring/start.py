"""The start of a process: settings, Django, a database that fits, and a first site.

Everything that touches stored data begins with `open_installation`; nothing else configures
Django. A start that cannot succeed raises StartError, which the command line prints and turns
into exit status 2.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

import django
from django.conf import settings as django_settings
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.db.utils import OperationalError

from tollbook import __version__
from tollbook.app.access.passwords import one_time_password
from tollbook.core.instants import to_us
from tollbook.storage.db.call_journal import install_journal, missing_journal
from tollbook.storage.db.change_counters import install_counters, missing_counters
from tollbook.storage.db.current import current_connection
from tollbook.storage.db.immutability import install_immutability, missing_immutability
from tollbook.storage.db.installation import Installation, door, open_database
from tollbook.storage.db.migrate import bring_up_to_date
from tollbook.wiring.clock import now
from tollbook.wiring.settings import Settings, SettingsError, current_settings, load_settings

__all__ = ["Installation", "StartError", "ensure_administrator", "open_installation"]

DJANGO_SETTINGS = "tollbook.wiring.django_settings"
APPS_OF_PAGES = ("ninja",)  # They bring no tables.
BEFORE_0_1_0 = ("storage", "0001_initial")  # With it every database of then begins, no later one.


class StartError(SettingsError):
    """A start that cannot succeed; the message names place, finding, consequence, next step."""


def open_installation(
    *, data_dir: Path | None = None, migrate: bool = True, pages: bool = True
) -> Installation:
    """Open the installation in *data_dir* and return it, ready to read and to write.

    Makes the folder, the database and the first site where they are missing, and brings an older
    database up to this program (not with *migrate* false: then an older one is refused).
    Without *pages* what only pages and API need is not loaded, a third of a command's start.
    Raises StartError when the folder cannot be written, the database server is away, or the
    database belongs to a newer program or is from before 0.1.0; SettingsError for a wrong setting.
    """
    settings = _settings_for(data_dir)
    _configure_django(pages=pages)
    installation = open_database(settings, now=now)
    with installation.current(), _alone(settings.data_dir / "start.lock"):
        executor = _with_known_migrations(settings)
        _bring_up_to_date(settings, executor, migrate=migrate)
        _verify_triggers()
        _first_site(installation)
    return installation


def ensure_administrator(name: str = "admin") -> str | None:
    """Make the first user, an administrator, and return its one-time password.

    It must be changed at the first sign-in. Returns None when there are users already: a
    password is shown once and never again.
    """
    from django.contrib.auth.models import User

    from tollbook.app.access.sign_in import expect_new_password

    with door().transaction():
        if User.objects.exists():
            return None
        password = one_time_password()
        user = User.objects.create_superuser(username=name, password=password)
        expect_new_password(user.pk)
    return password


def _settings_for(data_dir: Path | None) -> Settings:
    folder = (data_dir or Path(os.environ.get("TOLLBOOK_DATA", "data"))).absolute()
    _require_writable(folder)
    if django_settings.configured:  # A second installation of this process.
        return load_settings(data_dir=folder)
    if os.environ.get("TOLLBOOK_DATA") != str(folder):
        # Children and Django's settings module read the same folder from the environment.
        os.environ["TOLLBOOK_DATA"] = str(folder)
        current_settings.cache_clear()
    return current_settings()


def _require_writable(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as fault:
        raise StartError(
            f"{folder}: cannot write here ({fault.strerror}). Tollbook did not start. "
            "Give this user the folder, or name another with --data."
        ) from fault


def _configure_django(*, pages: bool) -> None:
    if not django_settings.configured:
        os.environ["DJANGO_SETTINGS_MODULE"] = DJANGO_SETTINGS
        if not pages:
            apps = django_settings.INSTALLED_APPS
            django_settings.INSTALLED_APPS = [app for app in apps if app not in APPS_OF_PAGES]
    django.setup()


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Hold *lock*, so that of two starters only one migrates; freed when the process ends."""
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _with_known_migrations(settings: Settings) -> MigrationExecutor:
    """Return what migrates; refuse a database that is away, from before 0.1.0, or newer."""
    connection = current_connection()
    try:
        applied = set(MigrationRecorder(connection).applied_migrations())
        executor = MigrationExecutor(connection)
    except OperationalError as fault:
        where = "the database server" if settings.uses_postgresql else str(settings.database_file)
        raise StartError(
            f"{where} does not answer: {str(fault).strip()}. Tollbook did not start. "
            'Check that it runs and that the setting "database" is right.'
        ) from fault
    known = set(executor.loader.disk_migrations)
    ours = {app for app, _ in known}
    unknown = sorted(f"{app}.{name}" for app, name in applied - known if app in ours)
    if BEFORE_0_1_0 in applied:
        anew = "folder and a new database" if settings.uses_postgresql else "folder"
        raise StartError(
            f"{settings.data_dir}: its database was made by a Tollbook before 0.1.0 (it has "
            f"{unknown[-1]}), which this one cannot read. Nothing was changed. Start with a new "
            f"data {anew} and import the raw files again (they lie in {settings.raw_dir})."
        )
    if unknown:
        raise StartError(
            f"{settings.data_dir}: its database was written by a newer Tollbook (it has "
            f"{unknown[-1]}, this is {__version__}). Nothing was changed. Start the newer program."
        )
    return executor


def _bring_up_to_date(settings: Settings, executor: MigrationExecutor, *, migrate: bool) -> None:
    """Apply what is missing; with *migrate* false, refuse a database that misses something."""
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not missing:
        return
    if not migrate:
        raise StartError(
            f"{settings.data_dir}: its database is older than this Tollbook. Nothing was changed. "
            "Run `tollbook serve` once, which brings it up to date."
        )

    bring_up_to_date()


def _verify_triggers() -> None:
    """Reinstall triggers that are missing, and verify that immutable tables have theirs."""

    connection = current_connection()
    if missing_journal(connection):
        install_journal(connection)
    if missing_counters(connection):
        install_counters(connection)

    if not missing_immutability(connection):
        return
    install_immutability(connection)
    missing = missing_immutability(connection)
    if missing:
        raise StartError(
            f"the database does not accept the guards of its immutable tables ({missing[0]}). "
            "Tollbook did not start, because charges could be changed unseen. "
            "Give the database user the right to create triggers."
        )


def _first_site(installation: Installation) -> None:
    """Make the site that the settings describe, unless there is one."""
    from tollbook.storage.models import Site

    if Site.objects.exists():
        return
    settings = installation.settings
    with door().transaction():
        if not Site.objects.exists():
            Site.objects.create(
                name=settings.site_name,
                zone=settings.site_zone,
                country=settings.site_country or _country_of(settings.site_zone),
                currency=settings.currency,
                created_us=to_us(now()),
            )


def _country_of(zone: str) -> str:
    """Return the two letters of the country in which *zone* lies; none for one like UTC."""
    table = resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text("utf-8")
    rows = [line.split("\t") for line in table.splitlines() if not line.startswith("#")]
    return next((row[0] for row in rows if row[2] == zone), "")
