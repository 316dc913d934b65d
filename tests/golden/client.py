"""A browser and an API client without a window: cookies, forms, uploads, and what came back."""

import http.client
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode

PATIENCE_S = 900.0
BOUNDARY: Final = "golden-boundary-7d1f"
# Of the others, Date and Content-Length vary, and cookies hold keys.
KEPT_HEADERS: Final = (
    "Allow", "Cache-Control", "Content-Disposition", "Content-Security-Policy", "Content-Type",
    "HX-Push-Url", "HX-Redirect", "HX-Refresh", "HX-Retarget", "HX-Reswap", "HX-Trigger",
    "Location", "Permissions-Policy", "Referrer-Policy", "Retry-After", "Vary",
    "WWW-Authenticate", "X-Content-Type-Options", "X-Frame-Options",
)  # fmt: skip

Fields = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True, slots=True)
class Upload:
    """One file of a form."""

    field: str
    name: str
    content: bytes
    kind: str = "text/plain"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server sent."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def place(self) -> str:
        """Where the answer sends on to; "" for nowhere."""
        return dict(self.headers).get("Location", "")

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "backslashreplace")

    @property
    def head(self) -> str:
        """Status and headers as they are kept."""
        lines = [f"{name}: {value}" for name, value in self.headers]
        return "\n".join([f"status {self.status}", *lines])


@dataclass(slots=True)
class Browser:
    """One visitor: its cookies, or its token."""

    port: int
    token: str = ""
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> Answer:
        """Ask for a page."""
        return self.send("GET", path, headers=headers)

    def post(self, path: str, fields: Fields, *uploads: Upload) -> Answer:
        """Send a form, with the token that it would have held."""
        fields = {"csrfmiddlewaretoken": self.cookies.get("csrftoken", ""), **fields}
        if uploads:
            kind = f"multipart/form-data; boundary={BOUNDARY}"
            return self.send(
                "POST", path, _multipart(fields, uploads), headers={"Content-Type": kind}
            )
        body = urlencode(fields, doseq=True).encode()
        kind = "application/x-www-form-urlencoded"
        return self.send("POST", path, body, headers={"Content-Type": kind})

    def post_json(self, path: str, content: object, **headers: str) -> Answer:
        """Send JSON, as programs do; bytes go as they are."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send("POST", path, body, headers={"Content-Type": "application/json", **named})

    def send(
        self, method: str, path: str, body: bytes = b"", *, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send one request and return its answer; cookies are taken along."""
        sent = {"Host": "localhost", "User-Agent": "golden", **(headers or {})}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request(method, path, body or None, sent)
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        for cookie in response.headers.get_all("Set-Cookie") or ():
            name, _, rest = cookie.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        kept = {name.lower(): name for name in KEPT_HEADERS}
        found = sorted(
            (kept[name.lower()], value)
            for name, value in response.getheaders()
            if name.lower() in kept
        )
        return Answer(response.status, tuple(found), content)


def _multipart(fields: Fields, uploads: Sequence[Upload]) -> bytes:
    pieces: list[bytes] = []
    for name, values in fields.items():
        for value in [values] if isinstance(values, str) else values:
            head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
            pieces.append(head.encode() + value.encode() + b"\r\n")
    for upload in uploads:
        head = (
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{upload.field}"; '
            f'filename="{upload.name}"\r\nContent-Type: {upload.kind}\r\n\r\n'
        )
        pieces.append(head.encode() + upload.content + b"\r\n")
    return b"".join([*pieces, f"--{BOUNDARY}--\r\n".encode()])
