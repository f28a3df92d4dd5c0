#!/usr/bin/env python3
"""The course's one command: python3 course.py COMMAND [ARGUMENTS].

The first call makes `.venv` beside this file and installs the pinned packages
into it; every call then hands over to `autograder COMMAND ARGUMENTS` there.
Standard library only, and in syntax that old Pythons read: they get a clear message.
"""

import os
import sys

OLDEST, NEWEST = (3, 11), (3, 13)

ROOT = os.path.dirname(os.path.realpath(__file__))
VENV = os.path.join(ROOT, ".venv")
LOCK = os.path.join(ROOT, ".venv.lock")

# Programs outside Python, by command: names of the program, Debian's package, what it is for.
CHROMIUM = (("chromium", "chromium-browser", "google-chrome"), "chromium", "the test in a browser")
BUBBLEWRAP = (("bwrap",), "bubblewrap", "the sandbox that runs submitted code")
SYSTEM = {
    "test": (CHROMIUM, BUBBLEWRAP),
    "demo": (BUBBLEWRAP,),
    "grade": (BUBBLEWRAP,),
    "verify": (BUBBLEWRAP,),
}

HELP = """\
usage: python3 course.py COMMAND [ARGUMENTS]

The first call makes .venv beside course.py and installs the course there
(some minutes, about 2 GB). Later calls start at once and need no network.

  demo      the whole job once: build, make a sample class, grade it
  lab       open the course in JupyterLab
  new       make a new stage to start from
  build     make the students' notebooks
  verify    prove a stage's tests: right answers pass, wrong ones are caught
  grade     grade a class
  report    report on a graded class
  check     check your own notebook, with hints
  progress  what you have done so far
  test      run the tests of the course and its tools (arguments go to pytest)

Examples:
  python3 course.py demo
  python3 course.py build 03_seq2seq
  python3 course.py grade 03 --from submissions/
  python3 course.py check 03 --watch
  python3 course.py test -x

On Linux, pip may choose a torch for CUDA of several GB. A CPU build is enough:
name an index that has one in PIP_EXTRA_INDEX_URL before the first call.
Once installed, python3 course.py --help lists all commands.
"""


class Problem(Exception):
    """An error for the reader: what happened, what to do, and if .venv may be half-written."""

    def __init__(self, what, fix, half_written=False):
        super().__init__(what)
        self.what, self.fix, self.half_written = what, fix, half_written


def say(text):
    print(text, file=sys.stderr, flush=True)


def dotted(version):
    return f"{version[0]}.{version[1]}"


# ---- paths inside .venv -------------------------------------------------------------------------


def scripts(name=""):
    """The path of a program in .venv."""
    if os.name == "nt":
        return os.path.join(VENV, "Scripts", name + ".exe" if name else "")
    return os.path.join(VENV, "bin", name)


def stamp_path():
    return os.path.join(VENV, "course-stamp")


def log_path():
    return os.path.join(VENV, "install.log")


def stamp():
    """What a finished install stands for: the pins, the Python and the place. None without a .venv."""
    import hashlib

    try:
        with open(os.path.join(VENV, "pyvenv.cfg"), encoding="utf-8") as file:
            settings = dict(line.strip().split(" = ", 1) for line in file if " = " in line)
        with open(os.path.join(ROOT, "pyproject.toml"), "rb") as file:
            pins = file.read()
    except (OSError, ValueError):
        return None
    python = scripts("python")
    if os.name == "nt":  # .venv holds a small starter of this one
        python = os.path.join(settings.get("home", ""), "python.exe")
    python = os.path.realpath(python)
    if not os.path.exists(python) or not os.path.exists(scripts("autograder")):
        return None
    place = "\n".join((ROOT, python, settings.get("version", "")))
    return hashlib.sha256(pins + os.fsencode(place)).hexdigest()


def ready():
    """Is a finished install of these pins here?"""
    try:
        with open(stamp_path(), encoding="ascii") as file:
            return file.read() == stamp()
    except (OSError, ValueError):
        return False


def write_stamp():
    """Write the stamp at one stroke, after everything else is on the disk."""
    if hasattr(os, "sync"):
        os.sync()
    new = stamp_path() + ".new"
    with open(new, "w", encoding="ascii") as file:
        file.write(stamp() or "")
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, stamp_path())


# ---- checks before an install -------------------------------------------------------------------


def check_python(version):
    """Refuse a Python that the pins do not fit."""
    have = tuple(version[:2])
    if not OLDEST <= have <= NEWEST:
        raise Problem(
            f"this Python is too {'old' if have < OLDEST else 'new'}: "
            f"it is {dotted(have)}, the course needs {dotted(OLDEST)} to {dotted(NEWEST)}",
            "install Python 3.12 and run: python3.12 course.py ... (or use conda: see environment.yml)",
        )


def check_venv_module():
    """Have `venv` and `ensurepip`, which Debian and Ubuntu ship in a package of their own."""
    if has_venv_module():
        return
    package = "python3-venv"
    if os.path.realpath("/usr/bin/python3") != os.path.realpath(sys.executable):
        package = f"python{dotted(sys.version_info)}-venv"
    if can_apt():
        say("Python's venv module is missing: apt-get install " + package)
        if apt_install([package]) and has_venv_module():
            return
    raise Problem(
        "this Python has no venv module (or no ensurepip)",
        f"on Debian and Ubuntu run: {sudo()}apt-get install {package} - then the same command again",
    )


def has_venv_module():
    import importlib
    import importlib.util

    importlib.invalidate_caches()
    specs = [importlib.util.find_spec(name) for name in ("venv", "ensurepip")]
    return all(spec and spec.loader for spec in specs)  # an empty folder has no loader


def venv_works():
    """Does .venv hold a fitting Python with pip, made for this place?"""
    import subprocess

    try:
        with open(os.path.join(VENV, "pyvenv.cfg"), encoding="utf-8") as file:
            made_here = any(line.startswith("command = ") and line.rstrip().endswith(" " + VENV) for line in file)
    except (OSError, ValueError):
        return False
    test = f"import pip, sys; sys.exit(not {OLDEST} <= sys.version_info[:2] <= {NEWEST})"
    try:
        code = subprocess.call(
            [scripts("python"), "-I", "-c", test],
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return False
    return made_here and code == 0


def torch_pin():
    """The line for torch in pyproject.toml, such as torch==1.2.3."""
    import tomllib

    try:
        with open(os.path.join(ROOT, "pyproject.toml"), "rb") as file:
            pins = tomllib.load(file)["project"]["dependencies"]
        return next(pin for pin in pins if pin.startswith("torch=="))
    except (OSError, ValueError, KeyError, StopIteration):
        raise Problem(
            "pyproject.toml is missing, broken, or does not pin torch",
            "restore it (git checkout pyproject.toml), then run the same command again",
        ) from None


# ---- the install --------------------------------------------------------------------------------


class Locked:
    """One install at a time. The lock file also says if the last install was cut off."""

    def __enter__(self):
        self.file = open(LOCK, "a+b", buffering=0)
        if not self.take(wait=False):
            say("another course.py is installing here: waiting for it to end ...")
            self.take(wait=True)
        return self

    def __exit__(self, *error):
        self.file.close()  # this frees the lock

    def take(self, wait):
        if os.name == "nt":
            import msvcrt
            import time

            while True:
                try:
                    self.file.seek(1 << 20)  # away from the text, which others may then read
                    msvcrt.locking(self.file.fileno(), msvcrt.LK_NBLCK, 1)
                    return True
                except OSError:
                    if not wait:
                        return False
                    time.sleep(0.5)
        import fcntl

        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            return False
        except OSError:  # a file system without locks
            pass
        return True

    def unfinished(self):
        self.file.seek(0)
        return bool(self.file.read())

    def mark(self, unfinished):
        self.file.truncate(0)
        if unfinished:
            self.file.write(b"installing\n")
            os.fsync(self.file.fileno())


def install():
    """Make or mend .venv. The stamp comes last, so a cut-off install is never taken for a whole one."""
    check_python(sys.version_info)
    with Locked() as lock:
        if ready():  # another call has just made it
            return
        torch = torch_pin()
        if lock.unfinished():
            say("the last install was cut off: making .venv anew (finished downloads are kept by pip)")
            remove_venv()
        elif os.path.lexists(VENV) and not venv_works():
            say(".venv does not work here (half-made, moved, or its Python is gone): making it anew")
            remove_venv()
        fresh = not os.path.lexists(VENV)
        if fresh:
            check_venv_module()
        remove_stamp()
        lock.mark(unfinished=True)
        os.makedirs(VENV, exist_ok=True)
        with open(log_path(), "w", encoding="utf-8"):
            pass
        try:
            if fresh:
                say(f"[1/3] .venv with Python {dotted(sys.version_info)} ...")
                run_step("making .venv", [sys.executable, "-I", "-m", "venv", VENV], lock)
            else:
                say("[1/3] .venv is there already")
            say(f"[2/3] {torch.replace('==', ' ')} ...")
            run_step("installing torch", pip_install(torch), lock)
            say("[3/3] the course's packages ...")
            run_step("installing the course's packages", pip_install("-e", ".[test]"), lock)
            write_stamp()
        except Problem as problem:
            lock.mark(unfinished=problem.half_written)
            raise
        lock.mark(unfinished=False)
        say("ready.")


def pip_install(*what):
    """The command; on a terminal pip shows its progress and so must log by itself."""
    command = [scripts("python"), "-I", "-m", "pip", "install"]
    if sys.stderr.isatty():
        command += ["--log", log_path()]
    return command + list(what)


def run_step(what, command, lock):
    """Run one step of the install, in ROOT; a failure becomes a Problem with the log's last lines."""
    import subprocess

    pip = "pip" in command
    show = pip and sys.stderr.isatty()
    with open(log_path(), "ab") as log:
        start = log.tell()
        more = {}
        if os.name != "nt":  # a pip that outlives a killed course.py keeps the lock
            more["pass_fds"] = (lock.file.fileno(),)
        child = subprocess.Popen(
            command,
            cwd=ROOT,
            env=clean_environment(),
            stdin=None if show else subprocess.DEVNULL,
            stdout=2 if show else log,
            stderr=2 if show else log,
            **more,
        )
        try:
            code = child.wait()
        except BaseException:
            child.terminate()
            child.wait()
            raise
    if code == 0:
        return
    with open(log_path(), "rb") as log:
        log.seek(start)
        lines = log.read().decode("utf-8", "replace").splitlines()
    for line in last_lines(lines):
        say("    | " + line)
    cause, fix = diagnose("\n".join(last_lines(lines, 15) + full_disk()))
    if code == -9:
        cause, fix = "it was killed (out of memory?)", "close other programs, then run the same command again"
    # pip writes packages only after it has fetched all of them, and then says so.
    half_written = not pip or code < 0 or any("Installing collected packages" in line for line in lines)
    raise Problem(f"{what} failed: {cause}", fix + "\n  full log: .venv/install.log", half_written)


def clean_environment():
    """The caller's environment without what would bend Python or pip.

    Of PIP_... only what says where packages come from is kept.
    """
    keep = ("INDEX_URL", "EXTRA_INDEX_URL", "FIND_LINKS", "NO_INDEX", "TRUSTED_HOST", "PROXY", "CERT")
    keep += ("CLIENT_CERT", "TIMEOUT", "DEFAULT_TIMEOUT", "RETRIES", "CACHE_DIR", "NO_CACHE_DIR")
    keep += ("CONFIG_FILE", "KEYRING_PROVIDER")
    env = {}
    for name, value in os.environ.items():
        # PYTHONOPTIMIZE would drop the assert statements that grade an answer.
        if name in ("PYTHONPATH", "PYTHONHOME", "PYTHONOPTIMIZE", "PYTHONWARNINGS", "__PYVENV_LAUNCHER__"):
            continue
        if name.startswith("PIP_") and name[4:] not in keep:
            continue
        env[name] = value
    env["PIP_USER"] = "0"  # a pip.conf may say "user = true", which a venv refuses
    env["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    return env


def remove_venv():
    """Put .venv aside first: half-removed, it must not look like a whole one."""
    import glob
    import shutil

    if os.path.islink(VENV) or os.path.isfile(VENV):
        os.unlink(VENV)
    elif os.path.isdir(VENV):
        os.rename(VENV, f"{VENV}.old{os.getpid()}")
    for old in glob.glob(glob.escape(VENV) + ".old*"):
        shutil.rmtree(old, ignore_errors=True)


def remove_stamp():
    if os.path.exists(stamp_path()):
        os.unlink(stamp_path())


# ---- what went wrong ----------------------------------------------------------------------------

CAUSES = (
    (
        ("No space left on device", "Errno 28", "Disk quota exceeded", "not enough space on the disk"),
        "the disk is full",
        "free about 4 GB (here and in the folder for temporary files, which TMPDIR names), "
        "then run the same command again",
    ),
    (
        ("CERTIFICATE_VERIFY_FAILED", "SSLCertVerificationError", "SSLError"),
        "the connection's certificate is not trusted",
        "if a proxy or a firewall stands between, name its certificate file in PIP_CERT, "
        "then run the same command again",
    ),
    (
        (
            "NewConnectionError",
            "NameResolutionError",
            "ConnectTimeout",
            "ReadTimeout",
            "Read timed out",
            "ProxyError",
            "ProtocolError",
            "Max retries exceeded",
            "name resolution",
            "Name or service not known",
            "getaddrinfo failed",
            "Network is unreachable",
            "No route to host",
            "Connection refused",
            "Connection reset by peer",
            "RemoteDisconnected",
            "IncompleteRead",
        ),
        "no network (the packages' server was not reached)",
        "check the connection (and HTTPS_PROXY, if you need a proxy), then run the same command again",
    ),
    (
        ("Permission denied", "Errno 13", "Access is denied", "Read-only file system"),
        "a file may not be written",
        "put the course in a folder of your own (or run as the owner of this one), then run the same command again",
    ),
    (
        ("No matching distribution found", "is not a supported wheel"),
        "a pinned package is not to be had for this system",
        f"the course needs Python {dotted(OLDEST)} to {dotted(NEWEST)} on 64-bit Linux or Windows, or on "
        "macOS on Apple silicon; also look at your pip settings (pip config list)",
    ),
)


def diagnose(text):
    """Cause and fix, by what pip, venv or the system said."""
    for signs, cause, fix in CAUSES:
        if any(sign.lower() in text.lower() for sign in signs):
            return cause, fix
    return "see the lines above", "read the full log; to start from nothing, delete the folder .venv"


def full_disk():
    """A line for `diagnose` when the disk is so full that the log itself may be cut."""
    import shutil

    return ["No space left on device"] if shutil.disk_usage(ROOT).free < 20_000_000 else []


def last_lines(lines, count=6):
    """The log's last lines that say something, without addresses (they may hold passwords)."""
    import re

    lines = list(dict.fromkeys(lines))
    lines = [re.sub(r"^\d{4}-\d\d-\d\dT[\d:,]+ ?", "", line).rstrip() for line in lines]
    telling = [line for line in lines if re.search(r"error|warning|errno|exception:", line, re.I)]
    lines = (telling or [line for line in lines if line])[-count:]
    lines = [re.sub(r"\w+://[^\s'\"]+", "<address>", line) for line in lines]
    lines = [re.sub(r"host='[^']*'", "host=<address>", line) for line in lines]
    return [line[:200] for line in lines]


# ---- programs outside Python --------------------------------------------------------------------


def is_root():
    return hasattr(os, "geteuid") and os.geteuid() == 0


def sudo():
    return "" if is_root() else "sudo "


def can_apt():
    import shutil

    return is_root() and shutil.which("apt-get") is not None


def apt_install(packages):
    """Install Debian packages; True if that went well."""
    import subprocess

    env = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    quick = ["apt-get", "-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=20"]
    quick += ["-o", "Acquire::https::Timeout=20", "-o", "DPkg::Lock::Timeout=120"]
    try:
        with open(log_path() if os.path.isdir(VENV) else os.devnull, "ab") as log:
            for step in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
                code = subprocess.call(quick + step, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return code == 0
    except OSError:
        return False


def ensure_system(packages):
    """Have the programs outside Python, or say once how to get them. Never fails the command."""
    import shutil

    missing = []
    for programs, package, use in packages:
        if not any(shutil.which(program) for program in programs) and not os.path.exists(asked(package)):
            missing.append((package, use))
    if not missing or not sys.platform.startswith("linux"):
        return
    names = [package for package, _ in missing]
    line = " ".join(names)
    try:
        if can_apt():
            say(f"installing {line} (apt-get) ...")
            with Locked():
                if apt_install(names):
                    return
        for package in names:
            with open(asked(package), "w"):
                pass
    except OSError:
        pass
    for package, use in missing:
        say(f"note: {package} is missing; it is for {use}")
    if shutil.which("apt-get"):
        say(f"  to get it, run: {sudo()}apt-get install {line}")
    else:
        say(f"  to get it, install with your system's package manager: {line}")


def asked(package):
    """The file that remembers that a package was not to be had, so that we ask only once."""
    return os.path.join(VENV, "course-asked-" + package)


# ---- the command --------------------------------------------------------------------------------


def hand_over(arguments):
    """Become `autograder ARGUMENTS`, in the caller's folder."""
    env = clean_environment()
    env["VIRTUAL_ENV"] = VENV
    env["PATH"] = os.path.dirname(scripts("python")) + os.pathsep + env.get("PATH", os.defpath)
    command = [scripts("autograder"), *arguments]
    if os.name != "nt":
        os.execve(command[0], command, env)
    import subprocess

    child = subprocess.Popen(command, env=env)
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            pass  # the child got it too, and decides


def main(arguments):
    command = arguments[0] if arguments else "--help"
    try:
        if not ready():
            if command in ("-h", "--help", "help"):
                print(HELP, end="")
                return 0
            install()
        ensure_system(SYSTEM.get(command, ()))
        return hand_over(arguments)
    except KeyboardInterrupt:
        say("\ncourse.py: stopped. The same command goes on: what was downloaded is kept.")
        return 130
    except Problem as problem:
        say(f"course.py: {problem.what}.\n  what to do: {problem.fix}")
    except OSError as error:
        cause, fix = diagnose(str(error))
        if cause.startswith("see "):
            cause = error.strerror or str(error)
        place = f" ({error.filename})" if error.filename else ""
        say(f"course.py: {cause}{place}.\n  what to do: {fix}")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
