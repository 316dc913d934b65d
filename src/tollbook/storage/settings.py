"""All that an installation may set: one typed, frozen value; `wiring` reads it.

Every key is explained in docs/manual/settings.md; a test holds the two together.
"""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """All that an installation may set."""

    data_dir: Path = Path("data")
    database: str = "sqlite"
    host: str = "127.0.0.1"
    port: int = 8080
    base_url: str = ""
    allowed_hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
    trusted_proxy: bool = False
    site_name: str = "Main office"
    site_zone: str = "UTC"
    site_country: str = ""
    currency: str = "USD"
    log_level: str = "INFO"
    web_workers: int = 1
    session_hours: int = 12
    lockout_failures: int = 5
    lockout_minutes: int = 15
    max_upload_mb: int = 512
    disk_reserve_mb: int = 64
    import_workers: int = 1
    agi_host: str = "127.0.0.1"
    agi_port: int = 0
    agi_peers: tuple[str, ...] = ("127.0.0.1",)
    authorise_host: str = "127.0.0.1"
    authorise_port: int = 0
    secret_key: str = field(default="", repr=False)

    @property
    def database_file(self) -> Path:
        """The embedded database, when there is no server."""
        return self.data_dir / "tollbook.sqlite3"

    @property
    def raw_dir(self) -> Path:
        """Where the raw log's segment files lie."""
        return self.data_dir / "raw"

    @property
    def uses_postgresql(self) -> bool:
        """Whether a database server holds the data."""
        return self.database.startswith(("postgresql://", "postgres://"))
