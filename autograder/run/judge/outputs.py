"""Outputs that the student's process sent, taken over field by field: text and pictures, and within the limit."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

_MOST = 1000  # outputs of one cell
_MOST_PIXELS = 16_000_000  # of a picture
_PNG = b"\x89PNG\r\n\x1a\n"
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}  # bits by type of colour


def clean_outputs(outputs: Any, limit: int) -> list[dict[str, Any]]:
    """A list of valid nbformat outputs of at most about `limit` characters; raises ValueError for anything else.

    Of what is displayed, plain text and PNG stay: all else a page could take for more than something to look at.
    """
    if type(outputs) is not list:
        raise ValueError("outputs are a list")
    kept: list[dict[str, Any]] = []
    left = limit + 4096 if limit else 256
    for output in outputs[:_MOST]:
        one = _clean(output)
        if one.get("data") == {}:
            continue
        left -= size_of(one)
        if left < 0:
            break
        kept.append(one)
    return kept


def _clean(output: Any) -> dict[str, Any]:
    if type(output) is not dict:
        raise ValueError("an output is a mapping")
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return {"output_type": kind, "name": name, "text": _text(output.get("text"))}
    if kind == "error":
        trace = [_text(line) for line in output.get("traceback", [])]
        return {
            "output_type": kind,
            "ename": _text(output.get("ename")),
            "evalue": _text(output.get("evalue")),
            "traceback": trace,
        }
    if kind not in ("display_data", "execute_result"):
        raise ValueError("an unknown kind of output")
    clean: dict[str, Any] = {"output_type": kind, "data": _bundle(output.get("data")), "metadata": {}}
    if kind == "execute_result":
        clean["execution_count"] = clean_count(output.get("execution_count"))
    return clean


def clean_count(number: Any) -> int | None:
    return number if type(number) is int and number >= 0 else None


def _bundle(data: Any) -> dict[str, str]:
    if type(data) is not dict:
        raise ValueError("not a mapping")
    bundle = {"text/plain": _text(data["text/plain"])} if "text/plain" in data else {}
    if picture := clean_picture(data.get("image/png")):
        bundle["image/png"] = picture
    return bundle


def clean_picture(data: Any) -> str:
    """A PNG in base64 with nothing but the picture in it; an empty string where it is none, or too large."""
    try:
        return base64.b64encode(_png(base64.b64decode("".join(data.split()), validate=True))).decode()
    except (AttributeError, ValueError, struct.error, zlib.error):
        return ""


def _png(raw: bytes) -> bytes:
    """The chunks that make the picture, each as it should be; raises ValueError, or an error of what reads them."""
    if not raw.startswith(_PNG):
        raise ValueError("no PNG")
    kept, place, name = [_PNG], len(_PNG), b""
    while name != b"IEND":
        length, name = struct.unpack_from(">I4s", raw, place)
        chunk = raw[place : place + length + 12]
        if zlib.crc32(chunk[4:-4]) != struct.unpack(">I", chunk[-4:])[0]:
            raise ValueError("a damaged chunk")
        if name in (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"):
            kept.append(chunk)
        place += length + 12
    if not any(chunk[4:8] == b"IDAT" for chunk in kept):
        raise ValueError("nothing in it")
    width, height, depth, colour, *rest = struct.unpack(">IIBBBBB", kept[1][8:-4])
    if kept[1][4:8] != b"IHDR" or depth not in _DEPTHS.get(colour, ()) or rest[:2] != [0, 0] or rest[2] not in (0, 1):
        raise ValueError("no head of a PNG")
    if not 0 < width * height <= _MOST_PIXELS:
        raise ValueError("no picture, or too large")
    return b"".join(kept)


def _text(value: Any) -> str:
    # Lone surrogates cannot be written to a notebook file.
    return value.encode("utf-8", "replace").decode() if type(value) is str else str(value)


def size_of(output: Any) -> int:
    """About how many characters a page has of it."""
    if isinstance(output, dict):
        return sum(len(k) + size_of(v) for k, v in output.items())
    if isinstance(output, list):
        return sum(map(size_of, output))
    return len(output) if isinstance(output, str) else 8
