"""Downloads that are sent as they are made, so that a million rows need no memory."""

from collections.abc import Iterable

from django.http import StreamingHttpResponse


def download(chunks: Iterable[bytes], *, name: str, content_type: str) -> StreamingHttpResponse:
    """Send *chunks* as the file *name*."""
    return StreamingHttpResponse(
        chunks,
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
