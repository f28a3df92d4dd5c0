"""Outputs that the student's process sent, taken over field by field: what nbformat knows, and within the limit."""

from __future__ import annotations

from typing import Any

_MOST = 1000  # outputs of one cell


def clean_outputs(outputs: Any, limit: int) -> list[dict[str, Any]]:
    """A list of valid nbformat outputs of at most about `limit` characters; raises ValueError for anything else."""
    if type(outputs) is not list:
        raise ValueError("outputs are a list")
    kept: list[dict[str, Any]] = []
    left = limit + 4096
    for output in outputs[:_MOST]:
        one = _clean(output)
        left -= _size(one)
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
    clean: dict[str, Any] = {
        "output_type": kind,
        "data": _bundle(output.get("data")),
        "metadata": _plain_dict(output.get("metadata")),
    }
    if kind == "execute_result":
        clean["execution_count"] = clean_count(output.get("execution_count"))
    return clean


def clean_count(number: Any) -> int | None:
    return number if type(number) is int and number >= 0 else None


def _bundle(data: Any) -> dict[str, Any]:
    """Text by mime type; JSON types may hold any JSON."""
    bundle: dict[str, Any] = {}
    for mime, value in _plain_dict(data).items():
        bundle[_text(mime)] = value if mime == "application/json" or mime.endswith("+json") else _text(value)
    return bundle


def _plain_dict(data: Any) -> dict[str, Any]:
    if data is None:
        return {}
    if type(data) is not dict or len(data) > 50:
        raise ValueError("not a mapping")
    return _tidy(data)


def _tidy(value: Any) -> Any:
    if isinstance(value, dict):
        return {_text(k): _tidy(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_tidy(v) for v in value]
    return _text(value) if isinstance(value, str) else value


def _text(value: Any) -> str:
    # Lone surrogates cannot be written to a notebook file.
    return value.encode("utf-8", "replace").decode() if type(value) is str else str(value)


def _size(output: Any) -> int:
    if isinstance(output, dict):
        return sum(len(k) + _size(v) for k, v in output.items())
    if isinstance(output, list):
        return sum(map(_size, output))
    return len(output) if isinstance(output, str) else 8
