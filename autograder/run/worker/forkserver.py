"""The process that all others here are forked from: what torch and a notebook need is imported once, for all workers.

It never sees a submission or a check. What it forks are the servers of workers, which it leaves as they are, and the
zygotes, which go into a sandbox. A zygote's memory has all that it has: so it starts with few variables, and those go.
Servers and zygotes have one layout of addresses: whoever could break the judge's memory would know where things are.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from autograder.run.limits import COMPUTING
from autograder.run.memory import use_large_pages
from autograder.run.sandbox import bwrap, enter
from autograder.run.worker.channel import ask

_CODE = (
    "import sys; sys.path[:] = [{root!r}, *filter(None, sys.path)]; "
    "from autograder.run.worker.forkserver import main; main()"
)
_INHERITED = ("PATH", "LD_LIBRARY_PATH", "TMPDIR", "HOME", "XDG_CACHE_HOME", "MPLCONFIGDIR")
_SECONDS = 120.0  # to start, and to answer


class ForkServer:
    """The warm process, as who started it sees it. All workers of a caller can share one; any thread may ask."""

    def __init__(self, sandbox: str) -> None:
        self.sandbox = sandbox
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._sock: socket.socket | None = None

    def start(self) -> None:
        """Start it, and wait until it is warm (about 4 s). Again where it has ended.

        Raises:
            OSError, RuntimeError: where it does not start.
        """
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                return
            self._close()
            self._sock, theirs = socket.socketpair()
            environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
            environment |= {"LANG": "C.UTF-8", "PYTHONHASHSEED": "0", "MPLBACKEND": "agg"} | COMPUTING
            code = _CODE.format(root=str(bwrap.PACKAGE.parent))
            self._process = subprocess.Popen(
                [*self._outside(), sys.executable, "-s", "-c", code, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                cwd="/",  # a matplotlibrc in a folder would count
                env=environment,
                start_new_session=True,
            )
            theirs.close()
            self._sock.settimeout(_SECONDS)
            if not ask(self._sock, {"do": "say ready"}):
                self._close()
                raise RuntimeError("The grading worker did not start; its error stands above.")

    def _outside(self) -> list[str]:
        """What Python is started in. /proc/self/exe leads a student's process to the file by this way, where it may be
        the user's own: so it is read-only on it.
        """
        if self.sandbox != "bwrap" or os.geteuid() == 0:  # root's file is no other user's
            return []
        python = os.path.realpath(sys.executable)
        return ["bwrap", "--dev-bind", "/", "/", "--ro-bind", python, python, "--"]

    @property
    def pid(self) -> int:
        return self._process.pid if self._process is not None else 0

    def ask(self, message: dict[str, Any], *descriptors: int) -> dict[str, Any]:
        """Its answer; an empty one where it has ended."""
        with self._lock:
            told = ask(self._sock, message, *descriptors) if self._sock is not None else {}
            if not told:  # it has ended; or a late answer would be taken for the next one
                self._close()
            return told

    def close(self) -> None:
        with self._lock:
            self._close()

    def _close(self) -> None:
        process, self._process = self._process, None
        if self._sock is not None:
            self._sock.close()
            self._sock = None
        if process is not None:
            process.kill()
            process.wait()


def main() -> None:
    """Argument: the descriptor of the caller's socket."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the caller, who closes the socket
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # a submission may raise it, whoever has started this
    _Loop(socket.socket(fileno=int(sys.argv[1]))).run()


@contextlib.contextmanager
def _no_settings() -> Iterator[None]:
    """Let nothing find settings of whoever grades, or leave any; but the list of fonts, since it takes 0.4 s."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path(os.environ.get("HOME", "/"), ".cache")
    fonts = Path(os.environ.get("MPLCONFIGDIR") or Path(cache, "matplotlib"))
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= dict.fromkeys(("MPLCONFIGDIR", "IPYTHONDIR"), folder)
        _copy_fonts(fonts, Path(folder))
        yield
        _copy_fonts(Path(folder), fonts)


def _copy_fonts(source: Path, target: Path) -> None:
    with contextlib.suppress(OSError):
        for path in source.glob("fontlist-*.json"):
            if not (target / path.name).exists():
                target.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, target)


class _Loop:
    """Its inside."""

    def __init__(self, caller: socket.socket) -> None:
        from autograder.run.sandbox import confine

        if sys.platform == "linux":
            confine.adopt_orphans()  # a zygote's parent ends when it has gone into the sandbox
        with _no_settings():  # from here on matplotlib is imported
            from autograder.run.sandbox import zygote
            from autograder.run.worker.rehearse import rehearse

            zygote.warm_up()
            rehearse("judge")
        self.calls = confine.call_filter() if sys.platform == "linux" else None
        zygote.assert_one_thread()
        gc.collect()
        gc.freeze()
        use_large_pages()
        self.caller, self.askers = caller, [caller]  # the servers ask as well
        self.children: dict[int, int | None] = {}  # and how they ended

    def run(self) -> None:
        while True:
            ready, _, _ = select.select(self.askers, [], [])
            self._look()
            for asker in ready:
                data, fds = b"", list[int]()
                with contextlib.suppress(OSError):
                    data, fds, _, _ = socket.recv_fds(asker, 1 << 16, 4)
                if data:
                    self._do(asker, json.loads(data), fds)
                elif asker is self.caller:
                    os._exit(0)  # the others see that their callers have gone
                else:
                    self.askers.remove(asker)
                    asker.close()
                for fd in fds:
                    os.close(fd)

    def _do(self, asker: socket.socket, message: dict[str, Any], fds: list[int]) -> None:
        told: dict[str, Any]
        try:
            if message["do"] == "server":
                told = {"pid": self._server(message, fds)}
            elif message["do"] == "zygote":
                told = {"pid": self._boxed(message, fds) if message["sandbox"] == "bwrap" else self._bare(message, fds)}
            elif message["do"] == "compiler":
                if "torch._dynamo" not in sys.modules:
                    from autograder.run.sandbox import zygote

                    zygote.load_compiler()
                told = {"ready": True}
            elif message["do"] == "end":
                told = self._end(message["pid"], message["kill"])
            else:
                told = {"ready": True}
        except (OSError, ValueError) as error:
            told = {"error": str(error)}
        self.children |= dict.fromkeys([told["pid"]] if "pid" in told else [])
        _answer(asker, told)

    def _look(self) -> None:
        """Note who has ended."""
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if ended[0] in self.children:
                    self.children[ended[0]] = ended[1]

    def _end(self, pid: int, kill: bool) -> dict[str, Any]:
        """How a child ended, or that it is still running."""
        if self.children.get(pid, 0) is None:
            if not kill:
                return {"running": True}
            os.kill(pid, signal.SIGKILL)
            self.children[pid] = os.waitpid(pid, 0)[1]
        return {"status": self.children.pop(pid, 0)}

    def _server(self, message: dict[str, Any], fds: list[int]) -> int:
        """The server of one worker. Descriptor: its caller's socket."""
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            _become(lambda: self._serve(message, fds[0], theirs), fds[0], theirs.fileno())
        theirs.close()
        self.askers.append(ours)
        return pid

    def _serve(self, message: dict[str, Any], fd: int, forkserver: socket.socket) -> None:
        from autograder.run.worker.server import Server

        Server(socket.socket(fileno=fd), forkserver, message["sandbox"], message["scratch_mb"]).loop()

    def _bare(self, message: dict[str, Any], fds: list[int]) -> int:
        """A zygote without a sandbox. Descriptors: its control socket, and a file for what it says of itself."""
        pid = os.fork()
        if pid == 0:
            _become(lambda: self._live(message, fds), *fds, log=fds[1])
        return pid

    def _boxed(self, message: dict[str, Any], fds: list[int]) -> int:
        """A zygote in a sandbox. Process 1 of the sandbox is a fork of the process that joins its name spaces."""
        read, write = os.pipe()
        with bwrap.room(message["scratch_mb"]) as holder:
            first = os.fork()
            if first == 0:

                def go_in() -> None:
                    if message["cgroup"]:
                        with contextlib.suppress(OSError), open(f"{message['cgroup']}/cgroup.procs", "w") as file:
                            file.write(str(os.getpid()))
                    inner = enter.join(holder)
                    if pid := os.fork():
                        os.write(write, str(pid).encode())
                        return
                    os.close(write)
                    walls = enter.Walls(inner, bwrap.SCRATCH, message["scratch_mb"], message["uid"], self.calls)
                    enter.forget_environment()
                    os.environ.update(bwrap.ENVIRONMENT)
                    self._live(message, fds, walls)

                _become(go_in, *fds, write, log=fds[1])
            os.close(write)
            with open(read, "rb") as told:
                pid = told.read()
            os.waitpid(first, 0)
            if not pid:
                raise OSError("the warm process cannot go into it")
        return int(pid)

    def _live(self, message: dict[str, Any], fds: list[int], walls: enter.Walls | None = None) -> None:
        import matplotlib

        from autograder.run.sandbox.zygote import Zygote
        from autograder.run.worker.rehearse import rehearse

        os.close(fds[1])
        scratch = message["scratch"]
        tempfile.tempdir = None  # it was looked for outside
        matplotlib.get_cachedir = matplotlib.get_configdir = lambda: scratch
        os.environ |= dict.fromkeys(("HOME", "TMPDIR", "IPYTHONDIR", "MPLCONFIGDIR"), scratch)
        Zygote(socket.socket(fileno=fds[0]), scratch, walls, rehearse).loop()


def _become(what: Callable[[], None], *descriptors: int, log: int | None = None) -> None:
    """In a fork: be this and no more, with these open descriptors and the first three; what it says is for `log`."""
    status = 70
    try:
        if log is not None:
            os.dup2(log, 1)
            os.dup2(log, 2)
        last = 2
        for fd in sorted(descriptors):
            os.closerange(last + 1, fd)
            last = fd
        os.closerange(last + 1, 1 << 16)
        what()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _answer(asker: socket.socket, told: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):  # it has gone
        asker.sendall(json.dumps(told).encode())
