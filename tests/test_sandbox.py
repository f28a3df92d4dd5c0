"""The sandbox: what a submission cannot do, cannot leave behind, and cannot break for the next one."""

from __future__ import annotations

import concurrent.futures
import contextlib
import importlib.util
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.run.job import Job, JobCell, Result
from autograder.run.limits import Limits
from autograder.run.sandbox import bwrap
from autograder.run.sandbox.bwrap import available
from autograder.run.worker.worker import SandboxMissing, Worker

WORKS, REASON = available()
boxed = pytest.mark.skipif(not WORKS, reason=REASON)
seccomp = pytest.mark.skipif(importlib.util.find_spec("pyseccomp") is None, reason="pyseccomp is not installed")
ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    os.environ["AUTOGRADER_TEST_SECRET"] = "secret"
    with Worker() as worker:
        yield worker
    del os.environ["AUTOGRADER_TEST_SECRET"]


def run(worker: Worker, *cells: str, limits: Limits | None = None, check: str = "assert f() == 1") -> Result:
    """Cells of a student, then a check of `f`."""
    student = [JobCell("student", f"cell-{i}", textwrap.dedent(cell)) for i, cell in enumerate(cells)]
    return worker.run(Job([*student, JobCell("check", "f-1", check)], ["f"], limits or Limits(cell_seconds=20)))


def output(worker: Worker, source: str, limits: Limits | None = None) -> str:
    """What a cell of a student printed; it must run without an error."""
    result = run(worker, source, limits=limits)
    assert not result.cells[0].error, (result.cells[0].error, result.error)
    return "".join(o.get("text", "") for o in result.cells[0].outputs)


def sandbox_of(worker: Worker) -> int:
    """The number of the process in which the sandbox is."""

    def children(pid: int) -> list[int]:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    server = worker.forkserver.pid
    if os.geteuid() != 0:  # as an ordinary user it stands in a bubblewrap of its own
        (server,) = children(server)
    return next(pid for pid in children(server) if pid != worker.pid)


def is_healthy(worker: Worker) -> None:
    """The next submission is graded as if nothing had happened."""
    result = run(worker, "import os\nprint(os.listdir('.'), os.listdir('/dev/shm'))\ndef f(): return 1")
    assert result.passed == ["f-1"] and not result.error, result
    assert result.cells[0].outputs[0]["text"] == "[] []\n"


# What cannot be reached


@boxed
def test_there_is_no_network(worker: Worker) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        source = f"""
        import socket
        for address in (("127.0.0.1", {server.getsockname()[1]}), ("8.8.8.8", 53)):
            try:
                socket.create_connection(address, 2)
                print("reached", address)
            except OSError:
                pass
        """
        assert output(worker, source) == ""


@boxed
def test_files_of_the_host_are_not_there(worker: Worker) -> None:
    hidden = [
        ROOT / "solutions",
        ROOT / "tests",
        ROOT / ".git",
        ROOT / ".course",
        Path.home() / ".ssh",
        Path.home() / ".bashrc",
    ]
    source = f"""
    import os
    for path in {[*map(str, hidden), "/etc/passwd", "/etc/shadow", "/etc/hostname", "/var", "/sys", "/run", "/home"]}:
        if os.path.exists(path):
            print(path)
    print(*[n for n in os.listdir({str(ROOT)!r})], sep="\\n")
    """
    assert set(output(worker, source).split()) <= {"autograder", "datasets", ".venv"}


@boxed
def test_nothing_but_the_scratch_folder_can_be_written(worker: Worker) -> None:
    source = """
    import os, sys, torch, autograder
    packages = [os.path.dirname(package.__file__) for package in (autograder, torch)]
    for folder in ("/", "/usr", "/etc", "/dev", os.path.dirname(packages[0]), sys.prefix, *packages):
        try:
            open(os.path.join(folder, "x"), "w")
            print(folder)
        except OSError:
            pass
    open("x", "w")
    """
    assert output(worker, source) == ""
    is_healthy(worker)


@boxed
def test_it_stays_the_first_to_go_when_memory_runs_out(worker: Worker) -> None:
    source = """
    import ctypes, os
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # PR_SET_DUMPABLE
    try:
        open("/proc/self/oom_score_adj", "w").write("0")
    except OSError:
        pass
    print(open("/proc/self/oom_score_adj").read().strip())
    """
    assert output(worker, source) == "1000\n"


@boxed
def test_the_environment_and_the_descriptors_are_clean(worker: Worker) -> None:
    source = """
    import os, stat
    print("AUTOGRADER_TEST_SECRET" in os.environ, os.getuid() == 0, os.geteuid() == 0, os.getgroups())
    descriptors = [fd for fd in range(256) if os.path.exists(f"/proc/self/fd/{fd}")]
    print([fd for fd in descriptors if fd in (0, 1, 2, 9)])
    print(sorted(os.readlink(f"/proc/self/fd/{fd}").partition(":")[0] for fd in descriptors if fd not in (0, 1, 2, 9)))
    """
    first, second, third = output(worker, source).splitlines()
    assert first.startswith("False False False") and "0," not in first
    assert second == "[0, 1, 2, 9]"
    assert third == "['anon_inode', 'socket', 'socket']"  # of the event loop, which is the process's own


@boxed
def test_the_zygote_cannot_be_read_traced_or_signalled(worker: Worker) -> None:
    source = """
    import ctypes, os, resource, signal
    libc = ctypes.CDLL(None, use_errno=True)
    def tried(name, call):
        try:
            call()
            print(name)
        except OSError:
            pass
    for name in ("mem", "environ", "maps", "fd", "root", "cwd", "auxv", "stack", "syscall"):
        look = os.listdir if name in ("fd", "root", "cwd") else lambda path: open(path, "rb").read(1)
        tried(name, lambda: look(f"/proc/1/{name}"))
    for what in (0, 16, 0x4206):  # PTRACE_TRACEME is for oneself; ATTACH, SEIZE
        if what and libc.ptrace(what, 1, 0, 0) == 0: print("ptrace", what)
    buffer = ctypes.create_string_buffer(8)
    if libc.process_vm_readv(1, ctypes.byref(buffer), 1, ctypes.byref(buffer), 1, 0) > 0: print("process_vm_readv")
    tried("limits", lambda: resource.prlimit(1, resource.RLIMIT_NOFILE, (3, 3)))
    tried("nice", lambda: os.setpriority(os.PRIO_PROCESS, 1, 19))
    tried("affinity", lambda: os.sched_setaffinity(1, [0]))
    for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGINT, signal.SIGTERM, signal.SIGSEGV, signal.SIGUSR1):
        try:
            os.kill(1, number)
        except OSError:
            pass
    tried("capset", lambda: os.setuid(0))
    """
    assert output(worker, source) in ("", "nice\n")
    is_healthy(worker)


@boxed
def test_a_submission_has_no_rights_and_can_get_none(worker: Worker) -> None:
    """What the warm process keeps, to make things new, is not handed down."""
    source = """
    import ctypes, os
    with open("/proc/self/status") as file:
        told = dict(line.split(":\\t", 1) for line in file.read().splitlines())
    print({told[name] for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")}, told["NoNewPrivs"])
    libc = ctypes.CDLL(None, use_errno=True)
    made = libc.mount(b"tmpfs", os.getcwd().encode(), b"tmpfs", 0, None), libc.umount2(os.getcwd().encode(), 2)
    print(made, [kind for kind in (0x10000000, 0x20000, 0x20000000) if libc.unshare(kind) == 0])
    try:
        with open("/proc/sys/kernel/ns_last_pid", "w") as file:
            file.write("100")
    except OSError as error:
        print(error.strerror)
    """
    told = output(worker, source).splitlines()
    assert told == ["{'0000000000000000'} 1", "(-1, -1) []", "Read-only file system"]


@boxed
@seccomp
def test_calls_that_no_exercise_needs_are_refused(worker: Worker) -> None:
    source = """
    import ctypes, os, socket
    libc = ctypes.CDLL(None, use_errno=True)
    if hasattr(os, "memfd_create"):
        try: print("memfd", os.memfd_create("x"))
        except PermissionError: pass
    if libc.shmget(1234, 4096, 0o1600) >= 0: print("shmget")
    if libc.msgget(1234, 0o1600) >= 0: print("msgget")
    if libc.semget(1234, 1, 0o1600) >= 0: print("semget")
    if libc.unshare(0x10000000) == 0: print("unshare")
    if libc.syscall(248, b"user", b"k", b"v", 1, -3) >= 0: print("add_key")
    if libc.syscall(425, 4, 0) >= 0: print("io_uring")
    for family in (2, 10, 16, 17, 38, 40):
        kind = socket.SOCK_RAW if family in (16, 17) else socket.SOCK_STREAM
        try: print("socket", family, socket.socket(family, kind))
        except OSError: pass
    """
    assert output(worker, source) == ""


# What cannot be left behind


@boxed
def test_scratch_files_do_not_survive(worker: Worker) -> None:
    source = """
    import os
    os.makedirs("locked/inner"); open("locked/inner/x", "w").close(); os.chmod("locked/inner", 0); os.chmod("locked", 0)
    os.symlink("/", "link"); os.mkfifo("fifo")
    open("/dev/shm/segment", "w").write("x" * 1000)
    for _ in range(3000):  # deeper than any recursion or path name
        os.mkdir("d"); os.chdir("d")
    open("bottom", "w").close()
    def f(): return 1
    """
    assert run(worker, source).passed == ["f-1"]
    is_healthy(worker)


@boxed
def test_processes_do_not_survive(worker: Worker) -> None:
    source = """
    import os, signal, subprocess, time
    for name in ("SIGTERM", "SIGHUP", "SIGINT"):
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            while True:
                try: open("/tmp/alive", "w").close()
                except OSError: pass
        os._exit(0)
    subprocess.Popen(["sleep", "1000"], start_new_session=True)
    def f(): return 1
    """
    assert run(worker, source).passed == ["f-1"]
    is_healthy(worker)
    count = "import os\nprint(sum(n.isdigit() for n in os.listdir('/proc')))"
    assert output(worker, count) == "1\n"  # this one; the zygote is not seen


TRACES = """
import ctypes, os, re, subprocess, sys, threading
def read(path):
    try:
        with open(path) as file:
            return file.read()
    except OSError as error:
        return type(error).__name__
open("a", "w").close(), open("/dev/shm/b", "w").close()
print([(told.st_mode, told.st_uid, told.st_gid) for told in map(os.stat, (".", "/dev/shm"))], os.listxattr("."))
print([(name, os.stat(name).st_ino) for name in ("a", "b")])
child = os.fork()
if child == 0:
    os._exit(0)
print("processes", os.getpid(), os.getppid(), child, os.waitpid(child, 0)[1], read("/proc/sys/kernel/ns_last_pid"))
thread = threading.Thread(target=lambda: print("thread", threading.get_native_id()))
thread.start(), thread.join()
program = subprocess.Popen(["true"])
print("program", program.pid, program.wait(), read("/proc/loadavg").split()[-1:])
print("seen", [name for name in os.listdir("/proc") if name.isdigit()])
print("process 1", [read(f"/proc/1/{name}") for name in ("stat", "status", "schedstat", "cmdline")])
print("kernel objects", [read(f"/proc/sysvipc/{kind}") for kind in ("shm", "sem", "msg")], os.listdir("/dev/mqueue"))
print("network", [read(f"/proc/net/{name}") for name in ("dev", "snmp", "netstat", "tcp", "udp")])
def f(): return 1
"""
MESSAGE = """
import os, time
for k in range(100):
    open(f"file {k}", "w").close()
    if os.fork() == 0:
        os._exit(0)
    os.wait()
for folder in (".", "/dev/shm"):
    try:
        os.setxattr(folder, "user.message", b"to the next one")
    except OSError:
        pass  # a folder of root's
    try:
        os.chmod(folder, 0o500)
    except OSError:
        pass
end = time.process_time() + 0.3
while time.process_time() < end:
    pass
def f(): return 1
"""


@boxed
def test_no_counter_tells_the_next_submission_anything(worker: Worker) -> None:
    """A submission that has read the hidden inputs could pass them on to the next one of the same worker."""
    before = output(worker, TRACES)
    assert run(worker, MESSAGE).passed == ["f-1"]
    assert output(worker, TRACES) == before
    assert "processes 2 1 3 0 3\n" in before and "seen ['2']" in before
    assert "kernel objects [' " in before and "network ['Inter" in before
    assert "process 1 ['FileNotFoundError', 'FileNotFoundError', 'FileNotFoundError', 'FileNotFoundError']" in before


@boxed
def test_nothing_in_memory_survives(worker: Worker) -> None:
    spoil = """
    import builtins, sys, torch, os, random
    torch.equal = lambda *a: True
    builtins.leak = "from another student"
    get_ipython().user_ns["leak"] = 1
    torch.set_default_dtype(torch.float64); torch.set_num_threads(4)
    torch.zeros(1000, 1000) @ torch.zeros(1000, 1000)
    os.umask(0); os.chdir("/")
    def f(): return 1
    """
    look = """
    import torch, os
    print('leak' in dir(__builtins__), 'leak' in globals(), torch.get_default_dtype(), torch.get_num_threads())
    print(os.getcwd())
    """
    before = output(worker, look)
    assert run(worker, spoil).passed == ["f-1"]
    assert output(worker, look) == before == "False False torch.float32 1\n/scratch\n"


# What cannot be broken: each of these ends badly for itself alone


@boxed
def test_a_memory_bomb_in_one_process(worker: Worker) -> None:
    result = run(
        worker,
        "def f(): return 1",
        "import torch\nx = [torch.ones(50_000_000) for _ in range(50)]",
        limits=Limits(memory_mb=500),
    )
    assert result.cells[1].error and result.passed in (["f-1"], [])  # an error in Python where that comes first
    is_healthy(worker)


@boxed
def test_a_memory_bomb_of_many_processes(worker: Worker) -> None:
    source = """
    import os, time
    for _ in range(8):
        if os.fork() == 0:
            x = b"x" * 200_000_000
            time.sleep(100)
    time.sleep(100)
    """
    result = run(worker, source, limits=Limits(memory_mb=500, cell_seconds=30))
    assert (
        result.passed == []
        and "500 MB of memory" in result.checks[0].message
        and '"cell-0"' in result.checks[0].message
    )
    is_healthy(worker)


@boxed
@pytest.mark.parametrize(
    "bomb",
    [
        pytest.param("import os\nwhile True:\n    try: os.fork()\n    except OSError: pass", id="fork bomb"),
        pytest.param("import os\nwhile True: os.open('/dev/null', 0)", id="descriptors"),
        pytest.param("open('big', 'wb').write(b'x' * 500_000_000)", id="one large file"),
        pytest.param("for i in range(100): open(str(i), 'wb').write(b'x' * 10_000_000)", id="many files"),
        pytest.param(
            "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(99,)).start()", id="threads"
        ),
        pytest.param("import os\nos.system('yes')", id="endless output of a program"),
        pytest.param("while True: print('x' * 10_000)", id="endless output"),
        pytest.param("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", id="stops itself"),
        pytest.param("import os, signal\nos.kill(-1, signal.SIGKILL)", id="kills all"),
        pytest.param("import os\nos.closerange(0, 256)", id="closes everything"),
        pytest.param("import ctypes\nctypes.string_at(0)", id="crashes"),
        pytest.param("import sys\nsys.setrecursionlimit(10**9)\ndef g(): g()\ng()", id="recursion"),
        pytest.param("import os\nos.write(9, b'\\xff' * 100)", id="junk on the socket"),
        pytest.param("import os\nos.execv('/bin/sleep', ['sleep', '1000'])", id="becomes another program"),
        pytest.param(
            "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\nwhile True: pass",
            id="blocks signals",
        ),
    ],
)
def test_a_bomb_hurts_only_itself(worker: Worker, bomb: str) -> None:
    result = run(worker, bomb, limits=Limits(cell_seconds=1, processes=50, output_mb=0.1))
    assert result.passed == [] and result.checks[0].message and result.cells[0].outputs is not None
    assert len(str(result.cells[0].outputs)) < 300_000
    is_healthy(worker)


@boxed
@pytest.mark.parametrize(
    ("source", "limit"),
    [
        ("files = [open('/dev/null') for _ in range(999)]", "open files (256)"),
        ("open('big', 'wb').write(bytes(100 << 20))", "the size of a file (64 MB)"),
        ("for i in range(9): open(f'part-{i}', 'wb').write(bytes(60 << 20))", "all files together (64 MB)"),
        ("import threading, time\nfor _ in range(99): threading.Thread(target=time.sleep, args=(9,)).start()",
         "processes and threads (64)"),
        ("import torch\ntorch.zeros(1 << 34)", "memory (2048 MB)"),
    ],
)  # fmt: skip
def test_a_limit_is_told_by_its_name_and_cell(worker: Worker, source: str, limit: str) -> None:
    result = run(worker, source, "def f(): return 1", limits=Limits(cell_seconds=20, scratch_mb=64))
    said = "".join(o.get("text", "") for o in result.cells[0].outputs)
    assert f'The limit of {limit} was reached in the cell "cell-0".' in said, result.cells[0]
    assert result.passed == ["f-1"]


def test_the_time_of_the_whole_submission_is_a_limit_of_its_own(worker: Worker) -> None:
    result = run(worker, "while True: pass", limits=Limits(total_seconds=1))
    assert result.cells[0].error.startswith("The time limit of the whole submission (1 s) was reached")


def test_processor_time_is_limited(worker: Worker) -> None:
    result = run(
        worker,
        "import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\nwhile True: pass",
        limits=Limits(cpu_seconds=1),
    )
    assert "more than 1 s of processor time" in result.checks[0].message
    is_healthy(worker)


@boxed
def test_a_zygote_killed_from_outside_is_replaced(worker: Worker) -> None:
    os.kill(sandbox_of(worker), signal.SIGKILL)
    run(worker, "def f(): return 1")
    is_healthy(worker)


@boxed
def test_a_sandbox_that_breaks_down_is_not_the_submissions_fault(worker: Worker) -> None:
    with concurrent.futures.ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(run, worker, "import time\ntime.sleep(1)\ndef f(): return 1")
        time.sleep(0.5)
        os.kill(sandbox_of(worker), signal.SIGKILL)
        assert waiting.result().passed == ["f-1"], "it is tried once more"
        waiting = threads.submit(run, worker, "import time\ntime.sleep(600)\ndef f(): return 1")
        while not waiting.done():
            time.sleep(0.5)
            with contextlib.suppress(ProcessLookupError, StopIteration, FileNotFoundError):
                os.kill(sandbox_of(worker), signal.SIGKILL)
        assert [check.kind for check in waiting.result().checks] == ["internal"]
    is_healthy(worker)


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_without_a_sandbox_too_no_process_survives() -> None:
    source = """
    import os, time
    read, write = os.pipe()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.write(write, str(os.getpid()).encode())
            time.sleep(1000)
        os._exit(0)
    print(os.read(read, 100).decode())
    """
    with Worker(sandbox="none") as worker:
        assert not Path("/proc", output(worker, source).strip()).exists()


def test_a_killed_worker_says_so_and_starts_again() -> None:
    with Worker(sandbox="none") as worker:
        os.kill(worker.pid, signal.SIGKILL)
        assert run(worker, "def f(): return 1").passed == ["f-1"], "it is tried once more, on a fresh worker"


class Doomed(Worker):
    """Ends whenever it is given something to do."""

    def _ask(self, message: Job | None, seconds: float, tell: Any = None) -> Any:
        if message is not None and self.pid:
            os.kill(self.pid, signal.SIGKILL)
        return super()._ask(message, seconds, tell)


def test_a_worker_that_is_killed_each_time_says_so() -> None:
    with Doomed(sandbox="none") as worker:
        result = run(worker, "def f(): return 1")
        assert result.passed == [] and "worker ended" in result.checks[0].message
        assert result.machine_failed and result.checks[0].kind == "internal"  # nobody's verdict: it is not stored


# Where it can be used


def _in_a_process(_: int) -> list[str]:
    with Worker(sandbox="none") as worker:
        return run(worker, "def f(): return 1").passed


def test_a_worker_works_in_a_thread_and_in_a_pool_of_processes(worker: Worker) -> None:
    found: list[list[str]] = []
    thread = threading.Thread(target=lambda: found.append(run(worker, "def f(): return 1").passed))
    thread.start()
    thread.join()
    spawn = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=spawn) as pool:
        found += pool.map(_in_a_process, [1])
    assert found == [["f-1"], ["f-1"]]


def test_without_bubblewrap_the_reason_and_the_fix_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    bwrap.available.cache_clear()
    works, reason = available()
    with pytest.raises(SandboxMissing, match="apt install bubblewrap"):
        Worker()
    bwrap.available.cache_clear()
    assert not works and "not installed" in reason


def test_importing_the_package_imports_no_torch() -> None:
    code = "import sys, autograder.run.worker.pool; print('torch' in sys.modules, 'numpy' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "False False\n"
    )


# What a fork of the warm process could bring along

LOOK = """
import ctypes, os, tempfile, matplotlib
seen = []
for path in ("/proc/sys/kernel/shmmax", "/proc/sys/kernel/pid_max", "/proc/sysrq-trigger"):
    try:
        open(path, "w").write("1")
        seen.append(path)
    except OSError: pass
exe = "/proc/self/exe"
for name, do in {"mode": lambda: os.chmod(exe, os.stat(exe).st_mode & 0o7777), "time": lambda: os.utime(exe)}.items():
    try:
        do()
        seen.append(name)
    except OSError: pass
try: os.kill(1, 9)
except OSError: pass
memory = open("/proc/self/environ", "rb").read()
seen += [word for word in (b"PATH", b"HOME", b"s3cret") if word in memory]
seen += [name for name, value in os.environ.items() if "s3cret" in name + value]
status = open("/proc/self/status").read()
rights = [line for line in status.splitlines() if line.startswith(("CapPrm", "CapEff", "CapInh", "CapAmb"))]
seen += [line for line in rights if int(line.split()[1], 16)]
if matplotlib.rcParams["lines.linewidth"] == 77: seen.append("settings")
with tempfile.NamedTemporaryFile() as file: assert file.name.startswith("/scratch/"), file.name
assert matplotlib.get_cachedir() == matplotlib.get_configdir() == "/scratch"
print("seen:", *seen)
def f(): return 1
"""
BESIDE = """
import os, sys
from autograder.run.job import Job, JobCell
from autograder.run.worker.worker import Worker
with Worker() as worker:
    job = Job([JobCell("student", "f", sys.argv[1]), JobCell("check", "f-1", "assert f() == 1")], ["f"])
    for _ in range(2):
        result = worker.run(job)
        print(os.geteuid(), result.passed, result.cells[0].error, result.cells[0].outputs, result.error)
"""


@boxed
@pytest.mark.parametrize(
    "user", [[], ["bwrap", "--dev-bind", "/", "/", "--unshare-user", "--uid", "1000", "--gid", "1000"]]
)
def test_a_fork_of_the_warm_process_brings_nothing_along(user: list[str], tmp_path: Path) -> None:
    """As root, and as a user who owns the Python that grades: its file must not be changed by way of /proc/self/exe."""
    settings, temporary = tmp_path / "matplotlib", tmp_path / "temporary"
    for folder in (settings, temporary):
        folder.mkdir()
    (settings / "matplotlibrc").write_text("lines.linewidth: 77\n")
    environment = {**os.environ, "MPLCONFIGDIR": str(settings), "TMPDIR": str(temporary), "MINE": "s3cret"}
    python = Path(sys.executable).resolve()
    before = python.stat()
    words = [*user, sys.executable, "-c", BESIDE, LOOK]
    done = subprocess.run(words, capture_output=True, text=True, env=environment, cwd=ROOT, timeout=100)
    told = done.stdout.splitlines()
    assert len(told) == 2 and all("['f-1']" in line and "'seen:\\n'" in line for line in told), done
    assert all(line.startswith("1000 " if user else f"{os.geteuid()} ") for line in told)
    assert (python.stat().st_mode, python.stat().st_mtime) == (before.st_mode, before.st_mtime)
    assert list(temporary.iterdir()) == []
