"""Small stored results and data sets: `datasets/NAME.json`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "datasets"


def load(name: str) -> Any:
    """The content of `datasets/NAME.json`.

    Raises:
        FileNotFoundError: when there is no such file; the message lists those that there are.
    """
    path = FOLDER / f"{name}.json"
    if not path.is_file():
        there = ", ".join(sorted(p.stem for p in FOLDER.glob("*.json"))) or "none"
        raise FileNotFoundError(f"datasets/{name}.json is not there. Data sets here: {there}.")
    return json.loads(path.read_text(encoding="utf-8"))
