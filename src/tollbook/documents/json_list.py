"""JSON: one list of objects, one object a line, so that it also reads as lines."""

import json
from collections.abc import Iterable, Iterator, Mapping

_CHUNK_CHARS = 64 * 1024


def stream_json(objects: Iterable[Mapping[str, object]]) -> Iterator[bytes]:
    """Yield *objects* as a JSON list, in pieces of some 64 KiB; an empty one is `[]`.

    >>> b"".join(stream_json([{"id": 1}, {"id": 2}]))
    b'[{"id": 1},\\n{"id": 2}]\\n'
    """
    encode = json.JSONEncoder(ensure_ascii=False).encode
    held: list[str] = []
    held_chars = 0
    before = "["
    for each in objects:
        line = before + encode(each)
        before = ",\n"
        held.append(line)
        held_chars += len(line)
        if held_chars >= _CHUNK_CHARS:
            yield _bytes(held)
            held, held_chars = [], 0
    yield _bytes(held) + (b"[]\n" if before == "[" else b"]\n")


def _bytes(texts: list[str]) -> bytes:
    # A lone surrogate has no UTF-8 form: it becomes "?" rather than ending the whole document.
    return "".join(texts).encode("utf-8", errors="replace")
