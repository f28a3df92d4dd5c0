#!/usr/bin/env python3
"""The course's one command: python3 course.py COMMAND [ARGUMENTS].

The first call makes `.venv` beside this file and installs the pinned packages
into it (the folder `bootstrap`); every call then hands over to
`autograder COMMAND ARGUMENTS` there.
Standard library only, and in syntax that old Pythons read: they get a clear message.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from bootstrap import installing, system
from bootstrap.base import NEWEST, OLDEST, VENV, Problem, clean_environment, dotted, say, scripts
from bootstrap.causes import diagnose
from bootstrap.stamp import extras_for, ready

HELP = """\
usage: python3 course.py COMMAND [ARGUMENTS]

The first call makes .venv beside course.py and installs the course there
(some minutes, about 2 GB). Later calls start at once and need no network.
`lab`, `check` and `progress` install what a student needs; another command adds the rest.

  demo      the whole job once: build, make a sample class, grade it
  lab       open the course in JupyterLab
  new       make a new stage to start from
  build     make the students' notebooks
  verify    prove a stage's tests: right answers pass, wrong ones are caught
  grade     grade a class
  report    report on a graded class
  check     check your own notebook, with hints
  progress  what you have done so far
  hub       try the course on a JupyterHub, with students and an instructor
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


def check_python(version):
    """Refuse a Python that the pins do not fit."""
    have = tuple(version[:2])
    if not OLDEST <= have <= NEWEST:
        raise Problem(
            f"this Python is too {'old' if have < OLDEST else 'new'}: "
            f"it is {dotted(have)}, the course needs {dotted(OLDEST)} to {dotted(NEWEST)}",
            "install Python 3.12 and run: python3.12 course.py ... (or use conda: see environment.yml)",
        )


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
    extras = extras_for(command)
    try:
        if not ready(extras):
            if command in ("-h", "--help", "help"):
                print(HELP, end="")
                return 0
            check_python(sys.version_info)
            installing.install(extras)
        system.ensure_system(system.SYSTEM.get(command, ()))
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
