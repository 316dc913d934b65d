"""Static files under names that carry their content's hash, served by the application itself.

A page names `{% static "tollbook/frame.css" %}` and gets `/static/tollbook/frame.<hash>.css`, which
a browser may keep for a year: another content is another name. Nothing has to be collected
beforehand; files are found inside the installed packages.
"""

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import urljoin

from django.contrib.staticfiles import finders
from django.core.files.storage import Storage
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

STATIC_URL = "/static/"
HASH_DIGITS = 12
COMPRESSIBLE = ("text/", "application/javascript", "application/json", "image/svg+xml")
FOREVER = "public, max-age=31536000, immutable"
CHECK_EACH_TIME = "public, max-age=0, must-revalidate"

_HASHED = re.compile(rf"^(?P<stem>.+)\.(?P<digest>[0-9a-f]{{{HASH_DIGITS}}})(?P<suffix>\.[^./]+)$")


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it goes out: its bytes, plain and compressed, and what they are."""

    content: bytes
    compressed: bytes | None
    content_type: str
    digest: str


class HashedFiles(Storage):
    """What `{% static %}` asks for the address of a file."""

    def url(self, name: str | None) -> str:
        """Return the address of *name*, with its content's hash; plain if there is no such file."""
        plain = name or ""
        asset = asset_of(plain)
        if asset is None:
            return urljoin(STATIC_URL, plain)
        stem, dot, suffix = plain.rpartition(".")
        return urljoin(STATIC_URL, f"{stem}.{asset.digest}{dot}{suffix}")


@lru_cache(maxsize=256)
def asset_of(name: str) -> Asset | None:
    """Return the packaged file *name*, read once; None if there is none."""
    found = finders.find(name)
    if not found:
        return None
    content = Path(found).read_bytes()
    content_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    compressed = None
    if content_type.startswith(COMPRESSIBLE) or content_type == "text/javascript":
        compressed = gzip.compress(content, 6, mtime=0)
        content_type += "; charset=utf-8"
    digest = hashlib.sha256(content).hexdigest()[:HASH_DIGITS]
    return Asset(content, compressed, content_type, digest)


@require_safe
def serve(request: HttpRequest, name: str) -> HttpResponse:
    """Answer with the file *name*, hashed or plain; 404 if there is none of that content."""
    hashed = _HASHED.match(name)
    asset = asset_of(hashed["stem"] + hashed["suffix"]) if hashed else asset_of(name)
    if asset is None or (hashed and hashed["digest"] != asset.digest):
        raise Http404(f"no static file {name}")
    tag = f'"{asset.digest}"'
    if request.headers.get("If-None-Match") == tag:
        return HttpResponseNotModified(headers={"ETag": tag})
    response = HttpResponse(asset.content, content_type=asset.content_type)
    response["ETag"] = tag
    response["Cache-Control"] = FOREVER if hashed else CHECK_EACH_TIME
    if asset.compressed is not None:
        patch_vary_headers(response, ["Accept-Encoding"])
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            response.content = asset.compressed
            response["Content-Encoding"] = "gzip"
    return response


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Answer browsers that look for an icon without being told where it is."""
    return serve(request, "tollbook/mark.svg")
