"""The stamp in .venv: it stands for a finished install of these pins with this Python in this place."""

import os

from bootstrap.base import ROOT, VENV, scripts

STUDENT, ALL = "", "classroom,site,test"  # what is installed besides the course itself: pyproject's extras
FOR_STUDENTS = ("lab", "check", "progress", "-h", "--help", "help")  # commands that need no more than the course


def extras_for(command):
    """What this command needs besides the course itself."""
    return STUDENT if command in FOR_STUDENTS else ALL


def stamp_path():
    return os.path.join(VENV, "course-stamp")


def stamp(extras=ALL):
    """What a finished install stands for: the pins, the extras, the Python and the place. None without a .venv."""
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
    place = "\n".join((ROOT, python, settings.get("version", ""), extras))
    return hashlib.sha256(pins + os.fsencode(place)).hexdigest()


def ready(extras=ALL):
    """Is a finished install of these pins here, with these extras or with more?"""
    try:
        with open(stamp_path(), encoding="ascii") as file:
            return file.read() in {stamp(extras), stamp(ALL)} and not has_other_autograder()
    except (OSError, ValueError):
        return False


def has_other_autograder():
    """Does pip know a package `autograder` in .venv? The course's own is called sequence-course.

    It would hide the course's package, or share its files with it: a stranger's program of that name,
    or the course as it was installed before it was called so.
    """
    import glob

    places = (os.path.join("lib", "python*"), "Lib")  # the second one on Windows
    return any(
        glob.glob(os.path.join(glob.escape(VENV), place, "site-packages", "autograder-*.dist-info")) for place in places
    )


def write_stamp(extras=ALL):
    """Write the stamp at one stroke, after everything else is on the disk."""
    if hasattr(os, "sync"):
        os.sync()
    new = stamp_path() + ".new"
    with open(new, "w", encoding="ascii") as file:
        file.write(stamp(extras) or "")
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, stamp_path())


def remove_stamp():
    if os.path.exists(stamp_path()):
        os.unlink(stamp_path())
