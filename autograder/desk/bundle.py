"""The browser side: TypeScript in `labextension/`, and what is made of it and committed: the bundle for JupyterLab, and
the moving pictures for the web site.

`.venv/bin/python -m autograder.desk.bundle` makes it anew. That needs Node; `fault` does not.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

from autograder.course.faults import Fault
from autograder.course.layout import find_course

HOME = Path(__file__).parent / "labextension"  # what JupyterLab is told; it looks for folders with a package.json
BUNDLE = HOME / "sequence-course"
SITE = Path(__file__).parents[1] / "build" / "site" / "static"
FOR_THE_SITE = ("play.js", "play.css")
MAKE = ".venv/bin/python -m autograder.desk.bundle"


def digest(sources: Path) -> str:
    """Of all that the bundle is made of: the sources, the pins, and the settings of the compiler."""
    files = [path for folder in ("src", "style", "schema") for path in (sources / folder).rglob("*") if path.is_file()]
    settings = ("package.json", "package-lock.json", "tsconfig.json", "webpack.config.js", "site.js")
    files += [sources / name for name in settings]
    told = hashlib.sha256()
    for path in sorted(files, key=lambda path: path.relative_to(sources).as_posix()):
        text = path.read_bytes().replace(b"\r\n", b"\n")
        told.update(f"{path.relative_to(sources).as_posix()}\0{len(text)}\0".encode() + text)
    return told.hexdigest()


def fault(sources: Path, bundle: Path = BUNDLE) -> Fault | None:
    """Is the bundle not made of these sources? None where it is, and in a course that comes without sources."""
    if not sources.is_dir():
        return None
    try:
        told = json.loads((bundle / "package.json").read_text(encoding="utf-8"))
        whole = (bundle / told["jupyterlab"]["_build"]["load"]).is_file()
        whole = whole and all((SITE / name).is_file() for name in FOR_THE_SITE)
        if told["sources"] == digest(sources) and whole:
            return None
    except (OSError, ValueError, KeyError):
        pass
    return Fault("labextension", "the bundle is not made of these sources.", f"Run: {MAKE} (it needs Node 20).")


def make(sources: Path) -> None:
    """Build it with npm, and note in it what it is made of.

    Raises:
        subprocess.CalledProcessError: when npm fails; it has said why.
    """
    if not (sources / "node_modules").is_dir():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=sources, check=True)
    subprocess.run(["npm", "run", "--silent", "build"], cwd=sources, check=True)
    bundle = (sources / json.loads((sources / "package.json").read_bytes())["jupyterlab"]["outputDir"]).resolve()
    path = bundle / "package.json"
    told = json.loads(path.read_text(encoding="utf-8")) | {"sources": digest(sources)}
    path.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    try:
        make(find_course().root / "labextension")
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"labextension: not built: {error}")
