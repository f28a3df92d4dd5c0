"""Every attack of the catalogue against one warm worker: no mark, no leak, nothing left, the next one graded right."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
import pytest

from autograder.course.layout import Stage
from autograder.intake.blueprint import Blueprint
from autograder.run.job import Job, JobCell, Result
from autograder.run.limits import Limits
from autograder.run.sandbox.bwrap import available
from autograder.run.worker.worker import Worker
from autograder.stage.read import read_stage

from .catalogue import RIGHT, THEMES, Attack
from .conftest import IN_ENVIRONMENT, IN_FILE, SECRETS, tree

WORKS, REASON = available()
pytestmark = pytest.mark.skipif(not WORKS, reason=REASON)

LIMITS = {"cell_seconds": 10.0, "check_seconds": 3.0, "total_seconds": 30.0, "memory_mb": 512, "cpu_seconds": 20}
ATTACKS = {f"{theme}: {attack.name}": attack for theme, attacks in THEMES.items() for attack in attacks}
# What the next submission finds: processes, files, shared memory, its own numbers.
LOOK = """
import os, random
print(len([p for p in os.listdir("/proc") if p.isdigit()]), os.listdir("."), os.listdir("/dev/shm"),
      *[len(open("/proc/sysvipc/" + kind).readlines()) for kind in ("shm", "sem", "msg")],
      torch.rand(1).item(), random.random(), torch.get_num_threads(), torch.get_default_dtype(),
      torch.is_grad_enabled())
"""


HIDDEN = "### BEGIN HIDDEN TESTS\n{}\n### END HIDDEN TESTS"


@dataclass
class Range:
    """Where attacks are tried: a worker, a course, a file and a server of the teacher's."""

    worker: Worker
    stage: Stage
    secret: Path
    servers: list[socket.socket]

    def __post_init__(self) -> None:
        self.blueprint = Blueprint(read_stage(self.stage))
        self.check = self.blueprint.cells["differences-values"].source
        self.given = self.blueprint.cells["setup"].source
        self.blank = next(c.source for c in self.blueprint.source.cells if c.id == "differences").split("### BEGIN")[0]
        self.seen = self.look()
        self.files = tree(self.stage.course.root)

    def run(self, attack: Attack) -> Result:
        names = {
            "@COURSE@": str(self.stage.course.root),
            "@SECRET@": str(self.secret),
            "@PORT@": str(self.servers[0].getsockname()[1]),
        }
        source = attack.source
        for name, value in names.items():
            source = source.replace(name, value)
        exercise = "f" if attack.check else "differences"
        cells = [
            JobCell("given", "setup", self.given),
            JobCell("student", exercise, source),
            JobCell("check", f"{exercise}-values", HIDDEN.format(attack.check) if attack.check else self.check),
            *([JobCell("student", "cell 9", attack.after)] if attack.after else []),
        ]
        return self.worker.run(Job(cells, [exercise], Limits(**LIMITS | attack.limits)))  # type: ignore[arg-type]

    def look(self) -> str:
        """The next submission: it is right, gets full marks, and says what it finds around it."""
        result = self.run(Attack("right", "", RIGHT + LOOK, mark="always"))
        assert result.passed == ["differences-values"] and not result.error, result
        return str(result.cells[1].outputs[0]["text"])


@pytest.fixture(scope="module")
def place(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Range]:
    secret = tmp_path_factory.mktemp("teacher") / "notes.txt"
    secret.write_text(IN_FILE)
    stage.course.gradebook.parent.mkdir(parents=True, exist_ok=True)
    stage.course.gradebook.write_text(IN_FILE)
    tcp, udp = socket.socket(), socket.socket(type=socket.SOCK_DGRAM)
    tcp.bind(("127.0.0.1", 0))
    udp.bind(tcp.getsockname())
    tcp.listen()
    for server in (tcp, udp):
        server.setblocking(False)
    os.environ["AUTOGRADER_ATTACK_SECRET"] = IN_ENVIRONMENT
    with tcp, udp, Worker(scratch_mb=64) as worker:
        yield Range(worker, stage, secret, [tcp, udp])
    del os.environ["AUTOGRADER_ATTACK_SECRET"]


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_gains_nothing(place: Range, name: str) -> None:
    attack = ATTACKS[name]
    result = place.run(attack)
    assert [c.id for c in result.checks] == ["f-values" if attack.check else "differences-values"]
    assert attack.mark == "either" or result.checks[0].passed == (attack.mark == "always"), result.checks[0]
    everything = asdict(result)
    for check in everything["checks"]:
        del check["record"]  # what the calls gave, for `autograder.diagnosis` only: no page and no file shows it
    told = json.dumps(everything, ensure_ascii=False)
    assert [secret for secret in SECRETS if secret in told] == []
    assert len(told) < 3 << 20
    assert result.checks[0].passed or result.checks[0].message
    # A fault of the grader's own is no verdict: it would be run again for ever.
    assert result.checks[0].kind != "internal", result.error
    assert place.look() == place.seen
    assert place.run(Attack("blank", "", place.blank)).passed == []
    assert left_on_the_host(place.worker) == []
    assert tree(place.stage.course.root) == place.files
    for server in place.servers:
        with pytest.raises(BlockingIOError):
            server.recv(1) if server.type == socket.SOCK_DGRAM else server.accept()


def test_there_are_enough_attacks_and_each_says_what_it_tries() -> None:
    assert len(ATTACKS) == sum(map(len, THEMES.values())) >= 60
    assert all(attack.tries.endswith(".") for attack in ATTACKS.values())


def left_on_the_host(worker: Worker) -> list[str]:
    """Processes of an attack that are still there, as the host sees them; not those of a test that runs beside this."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            words, above = " ".join(process.cmdline()), process.parents()
            warm = [parent.pid for parent in above if "run.worker.forkserver" in " ".join(parent.cmdline())]
            if "outlive_4471" in words and (not warm or worker.forkserver.pid in warm):
                found.append(words)
    return found
