"""What the course panel costs in JupyterLab, in a real Chromium.

    .venv/bin/python benchmarks/panel.py              five starts each, ten saves
    .venv/bin/python benchmarks/panel.py --rounds 3 --json result.json

It prints medians, in seconds:
    server          from the command until the server answers: with the panel, without it, and the difference
    page            from opening the address until the notebook's cells are there: the same
    first_check     from the first press of Check until all verdicts are there: the worker starts
    verdict         from Ctrl+S until the exercise's verdict stands in the panel (stage 00, nothing is trained)

With and without take turns, so that what else the machine does is the same for both.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from autograder.cli.jupyterlab import command
from autograder.course.layout import Course
from autograder.desk import options
from tests.test_browser import ARGUMENTS, CHROMIUM, Notebook, solutions

SLUG = "00_start_here"


@contextmanager
def lab(course: Course, home: Path, panel: bool) -> Iterator[tuple[str, float]]:
    """Its address, and the seconds until it answered."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    more = (f"--port={port}", "--no-browser", "--IdentityProvider.token=test", "--expose-app-in-browser")
    words, environment = command(course, False, more)
    words = [word for word in words if panel or word not in options()]
    environment |= {"HOME": str(home), "JUPYTER_CONFIG_DIR": str(home / "jupyter"), "PYTHONPATH": str(ROOT)}
    start = time.perf_counter()
    process = subprocess.Popen(words, cwd=course.root, env=environment, stderr=subprocess.DEVNULL)
    try:
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api/status?token=test", timeout=5).close()
                break
            except OSError:
                if process.poll() is not None:
                    raise
                time.sleep(0.02)
        yield f"http://127.0.0.1:{port}", time.perf_counter() - start
    finally:
        process.terminate()
        process.wait(40)


def open_page(browser: Any, address: str) -> float:
    page = browser.new_page()
    start = time.perf_counter()
    page.goto(f"{address}/lab/tree/notebooks/{SLUG}/{SLUG}.ipynb?token=test&reset")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell .cm-content")
    seconds = time.perf_counter() - start
    Notebook(page, address, SLUG)  # a server does not end while a kernel starts
    page.close()
    return seconds


def saves(browser: Any, address: str, rounds: int) -> tuple[float, list[float]]:
    page = browser.new_page()
    book = Notebook(page, address, SLUG)
    start = time.perf_counter()
    page.locator(".jp-NotebookPanel-toolbar").get_by_text("Check").click()
    page.wait_for_selector(".sc-exercises")
    page.wait_for_selector(".sc-running", state="detached")
    first = time.perf_counter() - start
    right, seconds = solutions(SLUG)["build_vocabulary"], []
    for turn in range(2 * rounds):
        good = turn % 2 == 1
        book.write(
            "def build_vocabulary(", right if good else f"def build_vocabulary(pairs):\n    return {{}}, [{turn}]\n"
        )
        start = time.perf_counter()
        page.keyboard.press("Control+s")
        page.wait_for_selector(f"li[data-exercise=build_vocabulary][data-state={'done' if good else 'failed'}]")
        seconds.append(time.perf_counter() - start)
        page.wait_for_selector(".sc-running", state="detached")
    page.close()
    return first, seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    told = parser.parse_args()
    from playwright.sync_api import sync_playwright

    server: dict[bool, list[float]] = {True: [], False: []}
    page: dict[bool, list[float]] = {True: [], False: []}
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        root, home = Path(folder, "course"), Path(folder, "home")
        home.mkdir()
        root.mkdir()
        for name in ("course.py", "nbgrader_config.py"):
            shutil.copy(ROOT / name, root / name)
        for name in ("notebooks", "solutions"):
            shutil.copytree(ROOT / name / SLUG, root / name / SLUG)
        os.chdir(root)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for turn in range(2 * told.rounds + 2):
            panel = turn % 2 == 0
            with lab(Course(root), home, panel) as (address, seconds):
                opened = open_page(browser, address)
            if turn >= 2:  # the first of each fills the caches
                server[panel].append(seconds)
                page[panel].append(opened)
        with lab(Course(root), home, True) as (address, _):
            first, verdicts = saves(browser, address, told.rounds)
        browser.close()
    result: dict[str, Any] = {}
    for name, times in (("server", server), ("page", page)):
        with_it, without = (round(statistics.median(times[panel]), 2) for panel in (True, False))
        result[name] = {"with": with_it, "without": without, "difference": round(with_it - without, 2)}
    result |= {"first_check": round(first, 2), "verdict": round(statistics.median(verdicts), 2)}
    for name, value in result.items():
        print(f"{name:12} {value}")
    if told.json:
        told.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
