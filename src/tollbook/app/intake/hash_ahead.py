"""A file's hash, taken while the program starts: most of what the same file again asks for."""

import hashlib
import threading
from pathlib import Path


class HashAhead:
    """The SHA-256 of a file as it was read from now on; computed in a background thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._digest = ""
        self._fault: OSError | None = None
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def result(self) -> str:
        """Wait for the hash and return it in hexadecimal; raises OSError."""
        self._thread.join()
        if self._fault is not None:
            raise self._fault
        return self._digest

    def _read(self) -> None:
        try:
            with self._path.open("rb") as file:
                self._digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as fault:
            self._fault = fault
