"""JupyterHub on one machine: Unix accounts, one server each. README.md beside this file says how to get there."""

import os
import sys
from pathlib import Path

from autograder import desk

c = get_config()  # noqa: F821  JupyterHub provides it

HERE = Path(__file__).resolve().parent
PROGRAMS = Path(sys.executable).parent

# Whose the course is: this account alone has solutions/, the gradebook and formgrader.
INSTRUCTOR = "instructor"
COURSE = Path(os.environ.get("COURSE", f"/home/{INSTRUCTOR}/course"))
# Further accounts that may open the instructor's server, each with a login of its own.
TEACHERS: list[str] = []
# A student's server may use so much, where systemd holds it to that; the instructor's has no limit.
MEMORY, PROCESSORS, PROCESSES = "3G", 2.0, 300

if not (COURSE / "solutions").is_dir():
    sys.exit(f"{COURSE}: is no course with solutions/. Name its folder in COURSE, or mend this line of {__file__}.")
if COURSE.stat().st_mode & 0o077:
    sys.exit(f"{COURSE}: others can look into it, and solutions/ is there. Run: chmod 700 {COURSE}")

# Who may log in: with the password of the machine, and only who is in this Unix group.
c.JupyterHub.authenticator_class = "pam"
c.PAMAuthenticator.allowed_groups = {"students"}
c.Authenticator.allowed_users = {INSTRUCTOR, *TEACHERS}
if TEACHERS:
    scopes = [f"servers!user={INSTRUCTOR}", f"access:servers!user={INSTRUCTOR}", f"read:users:name!user={INSTRUCTOR}"]
    c.JupyterHub.load_roles = [{"name": "teachers", "users": TEACHERS, "scopes": scopes}]

# Only a program before it, that speaks HTTPS, is to be reached from outside.
c.JupyterHub.bind_url = "http://127.0.0.1:8000"

# Each server runs as its user.
c.Spawner.cmd = [str(PROGRAMS / "jupyterhub-singleuser")]
c.Spawner.default_url = "/lab"
c.Spawner.args = desk.options()  # the course panel
c.Spawner.start_timeout = 120
c.JupyterHub.concurrent_spawn_limit = 20  # a class that logs in at ten o'clock waits in a row
if Path("/run/systemd/system").is_dir():
    c.JupyterHub.spawner_class = "systemd"
    c.SystemdSpawner.isolate_tmp = True
    c.SystemdSpawner.default_shell = "/bin/bash"
else:
    print("There is no systemd here: no server is held to its limits of memory and processors.", file=sys.stderr)


def prepare(spawner):
    """What Jupyter reads differs: a student has the assignment list, the instructor all of nbgrader and the course."""
    is_instructor = spawner.user.name == INSTRUCTOR
    places = [os.environ.get("JUPYTER_CONFIG_PATH"), str(HERE / ("instructor" if is_instructor else "student"))]
    if is_instructor:
        places.append(str(COURSE))  # nbgrader_config.py
        spawner.notebook_dir = str(COURSE)
    else:
        spawner.mem_limit, spawner.cpu_limit = MEMORY, PROCESSORS
        if hasattr(spawner, "unit_extra_properties"):
            spawner.unit_extra_properties = {"TasksMax": str(PROCESSES), "MemorySwapMax": "0"}
    settings = {
        "PATH": os.pathsep.join([str(PROGRAMS), os.environ.get("PATH", os.defpath)]),
        "JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, places)),
    }
    if is_instructor:
        settings["COURSE"] = str(COURSE)  # where a terminal begins
    spawner.environment = {**spawner.environment, **settings}


c.Spawner.pre_spawn_hook = prepare
