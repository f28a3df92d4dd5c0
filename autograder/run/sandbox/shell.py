"""IPython's shell without a kernel: it runs a cell and keeps the outputs as a notebook would show them, bounded."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import io
import os
import sys
from collections.abc import Iterator
from typing import Any

from IPython.core.compilerop import CachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config


class Outputs:
    """The outputs of one cell in nbformat's shape. What goes over the limit is dropped with a note."""

    def __init__(self) -> None:
        self.start(1 << 20)

    def start(self, limit: int) -> None:
        self.items: list[dict[str, Any]] = []
        self.left = limit
        self.cut = False
        self.clear_next = False

    def stream(self, name: str, text: str) -> None:
        self._clear_if_asked()
        text = text[: self._take(len(text))]
        if not text:
            return
        last = self.items[-1] if self.items else {}
        if last.get("output_type") == "stream" and last["name"] == name:
            last["parts"].append(text)
        else:
            self.items.append({"output_type": "stream", "name": name, "parts": [text]})

    def add(self, output: dict[str, Any], size: int) -> None:
        self._clear_if_asked()
        if self._take(size) == size:
            self.items.append(output)

    def update(self, display_id: str, data: dict[str, Any], metadata: dict[str, Any]) -> None:
        for item in self.items:
            if item.get("display_id") == display_id and self._take(_size(data)):
                item["data"], item["metadata"] = data, metadata

    def clear(self, wait: bool = False) -> None:
        self.clear_next = True
        if not wait:
            self._clear_if_asked()

    def finish(self) -> list[dict[str, Any]]:
        for item in self.items:
            item.pop("display_id", None)
            if "parts" in item:
                item["text"] = "".join(item.pop("parts"))
        if self.cut:
            note = "[The rest of this cell's output was cut: it is over the limit.]\n"
            self.items.append({"output_type": "stream", "name": "stderr", "text": note})
        return self.items

    def _clear_if_asked(self) -> None:
        if self.clear_next:
            self.items, self.clear_next = [], False

    def _take(self, size: int) -> int:
        got = min(size, self.left)
        self.left -= got
        self.cut = self.cut or got < size
        return got


def _size(data: dict[str, Any]) -> int:
    return sum(len(v) if isinstance(v, str) else len(str(v)) for v in data.values())


def _encoded(data: dict[str, Any]) -> dict[str, Any]:
    """Pictures as text, as nbformat keeps them."""
    return {k: base64.b64encode(v).decode() if isinstance(v, bytes) else v for k, v in data.items()}


OUTPUTS = Outputs()


class _Stream(io.TextIOBase):
    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "utf-8"

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        OUTPUTS.stream(self.name, str.__str__(text))
        return len(text)

    def fileno(self) -> int:
        """What is written there is the cell's output, too."""
        return {"stdout": 1, "stderr": 2}[self.name]

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False


class _Publisher(DisplayPublisher):
    def publish(
        self, data: Any, metadata: Any = None, *_: Any, transient: Any = None, update: bool = False, **__: Any
    ) -> None:
        data, metadata = _encoded(data), dict(metadata or {})
        display_id = (transient or {}).get("display_id")
        if update:
            OUTPUTS.update(str(display_id), data, metadata)
            return
        output = {"output_type": "display_data", "data": data, "metadata": metadata}
        if display_id:
            output["display_id"] = display_id
        OUTPUTS.add(output, _size(data))

    def clear_output(self, wait: bool = False) -> None:
        OUTPUTS.clear(wait)


class _Hook(DisplayHook):
    def write_output_prompt(self) -> None:
        """The number of the cell stands in the notebook."""

    def write_format_data(self, format_dict: dict[str, Any], md_dict: dict[str, Any] | None = None) -> None:
        data = _encoded(format_dict)
        count = getattr(self.shell, "execution_count", None)
        output = {
            "output_type": "execute_result",
            "data": data,
            "metadata": dict(md_dict or {}),
            "execution_count": count,
        }
        OUTPUTS.add(output, _size(data))


class _Compiler(CachingCompiler):
    """Remembers which cell a file name in a traceback stands for."""

    def __init__(self) -> None:
        super().__init__()
        self.cells: dict[str, str] = {}
        self.current = ""

    def get_code_name(self, raw_code: str, transformed_code: str, number: int) -> str:
        name = f"<cell {number}: {self.current}>"
        self.cells[name] = self.current
        return name


class Shell(InteractiveShell):
    """`run(source)` is the only thing the grader uses; magics and displays are IPython's own."""

    compiler_class = _Compiler
    compile: _Compiler

    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        try:
            text = str(evalue)
        except Exception:
            text = ""
        output = {
            "output_type": "error",
            "ename": str(getattr(etype, "__name__", etype)),
            "evalue": text,
            "traceback": list(stb),
        }
        OUTPUTS.add(output, len(text) + sum(map(len, stb)))

    def enable_gui(self, gui: Any = None) -> None:
        """There is no event loop of a window system."""

    def in_a_loop(self) -> contextlib.AbstractContextManager[None]:
        """Meanwhile asyncio sees a running loop, as in a kernel, where all code runs within one."""
        return _running(asyncio.new_event_loop(), self)

    def run(self, cell_id: str, source: str, limit: int) -> tuple[list[dict[str, Any]], BaseException | None, int]:
        """Run one cell as a notebook does: outputs, the error or None, and its number."""
        OUTPUTS.start(limit)
        self.compile.current = cell_id
        sys.stdout, sys.stderr = _Stream("stdout"), _Stream("stderr")
        number = self.execution_count
        done = self.run_cell(source, store_history=True)
        self._take_raw_output(limit)
        return OUTPUTS.finish(), done.error_before_exec or done.error_in_exec, number

    def _take_raw_output(self, limit: int) -> None:
        """What programs and C code wrote to the file descriptors themselves."""
        try:
            for descriptor, name in ((1, "stdout"), (2, "stderr")):
                if size := os.fstat(descriptor).st_size:
                    data = os.pread(descriptor, min(size, limit + 1), 0)
                    os.ftruncate(descriptor, 0)
                    OUTPUTS.stream(name, data.decode("utf-8", "replace"))
        except OSError:
            pass  # the student's code closed them


@contextlib.contextmanager
def _running(loop: asyncio.AbstractEventLoop, shell: Shell) -> Iterator[None]:
    def wait(coroutine: Any) -> Any:
        """A cell with `await` in it; whatever else waits there goes on as well."""
        asyncio._set_running_loop(None)
        try:
            return loop.run_until_complete(coroutine)
        finally:
            asyncio._set_running_loop(loop)

    shell.loop_runner = wait
    asyncio.set_event_loop(loop)
    asyncio._set_running_loop(loop)
    try:
        yield
    finally:
        asyncio._set_running_loop(None)
        asyncio.set_event_loop(None)
        loop.close()


def make_shell() -> Shell:
    """The shell of the warm process; each submission gets a copy of it by the fork."""
    config = Config()
    config.HistoryManager.enabled = False  # its database would start a thread
    config.InteractiveShell.colors = "linux"
    config.InteractiveShell.cache_size = 1000
    shell = Shell.instance(config=config, display_pub_class=_Publisher, displayhook_class=_Hook)
    shell.enable_matplotlib("inline")
    return shell
