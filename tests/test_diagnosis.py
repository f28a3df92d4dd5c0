"""A wrong answer is named, also in other words; what is in no catalogue gets call, got, expected."""

from __future__ import annotations

import html
import json
import math
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest
import torch

from autograder.course.layout import Course, Stage
from autograder.diagnosis import compare as diagnosis
from autograder.diagnosis.catalogue import Catalogue
from autograder.diagnosis.compare import distance
from autograder.proof.diagnosed import SHARE
from autograder.proof.verify import prove
from autograder.run.job import CheckResult, Job, JobCell
from autograder.run.judge.record import _step, read
from autograder.run.limits import Limits, read_limits
from autograder.run.sandbox.bwrap import available
from autograder.run.store import Store, run_cached
from autograder.run.wire.log import Log
from autograder.run.worker.worker import Worker
from autograder.stage.model import Content
from autograder.stage.read import read_answers, read_stage

from .conftest import ROOT, run

SANDBOX = "bwrap" if available()[0] else "none"


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with Worker(SANDBOX) as worker:
        yield worker


@pytest.fixture(scope="module")
def catalogue_of(worker: Worker, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Catalogue]:
    """The catalogue of a stage, whose results are kept for all tests of this module."""
    store = Store(tmp_path_factory.mktemp("store"), SANDBOX)
    made: dict[str, Catalogue] = {}

    def catalogue(name: str) -> Catalogue:
        if name not in made:
            (stage,) = Course(ROOT).stages((name,))
            run = lambda work: run_cached(work, store, worker)  # noqa: E731
            made[name] = Catalogue(read_stage(stage), read_limits(stage), run)
        return made[name]

    return catalogue


def hand_in(worker: Worker, content: Content, **sources: str) -> list[CheckResult]:
    """The checks of these exercises for a student who wrote them so, and solved the others."""
    cells = []
    for cell in content.of_kind("given", "exercise", "check"):
        if cell.kind == "check":
            if cell.exercise in sources:
                cells.append(JobCell("check", cell.id, cell.source))
        else:
            kind = "given" if cell.kind == "given" else "student"
            cells.append(JobCell(kind, cell.id, textwrap.dedent(sources.get(cell.id, cell.source))))
    result = worker.run(Job(cells, content.exercises, read_limits(content.stage)))
    assert not result.error
    return result.checks


# The same mistakes in other words


REWORDED = [
    ("00", "build_vocabulary", "order of first occurrence", """
        def build_vocabulary(words):
            seen = {}
            for mark in ("P", "S", "E"):
                seen[mark] = len(seen)
            for letter in "".join(words):
                if letter in ("P", "S", "E"):
                    raise ValueError("not allowed: " + str([w for w in words if letter in w]))
                seen.setdefault(letter, len(seen))
            return seen, list(seen)
     """),
    ("00", "build_vocabulary", "special letter only in front", """
        def build_vocabulary(words):
            for w in words:
                if len(w) > 0 and w[0] in "PSE":
                    raise ValueError(w)
            letters = {c for w in words for c in w if c not in "PSE"}
            table = ["P", "S", "E"]
            table += sorted(letters)
            back = {}
            for number in range(len(table)):
                back[table[number]] = number
            return back, table
     """),
    ("00", "encode", "a bare KeyError", """
        def encode(word, char_to_id):
            numbers = []
            for letter in word:
                numbers.append(char_to_id[letter])
            return numbers
     """),
    ("00", "encode", "unknown becomes pad", """
        def encode(word, char_to_id):
            result = [0] * len(word)
            for place, letter in enumerate(word):
                if letter in char_to_id:
                    result[place] = char_to_id[letter]
            return result
     """),
    ("00", "decode", "does not stop", """
        def decode(ids, id_to_char):
            text = []
            for number in ids:
                if number < 0 or number > len(id_to_char) - 1:
                    raise ValueError("there is no id " + str(number))
                if number != P and number != S:
                    text.append(id_to_char[number])
            return "".join(text)
     """),
    ("00", "pad_batch", "always 0", """
        def pad_batch(sequences, pad):
            if not sequences:
                raise ValueError("this is an empty batch")
            longest = max(len(s) for s in sequences)
            filled = [list(s) + [0] * (longest - len(s)) for s in sequences]
            return torch.tensor(filled, dtype=torch.long).view(len(sequences), longest), torch.tensor(
                [len(s) for s in sequences], dtype=torch.long)
     """),
    ("00", "one_hot", "off by one", """
        def one_hot(ids, V):
            for number in ids.flatten().tolist():
                if number not in range(V):
                    raise ValueError(f"{number} is no id")
            return torch.nn.functional.one_hot((ids - 1) % V, V).to(torch.float32)
     """),
    ("00", "one_hot", "torch's own RuntimeError", """
        import torch.nn.functional as functional
        def one_hot(ids, V):
            vectors = functional.one_hot(ids, V)
            return vectors.type(torch.float)
     """),
    ("00", "padding_mask", "one too many", """
        def padding_mask(lengths, T):
            if max(lengths.tolist(), default=0) > T:
                raise ValueError(f"longer than T: {lengths.tolist()}")
            rows = []
            for n in lengths.tolist():
                rows.append([t <= n for t in range(T)])
            return torch.tensor(rows, dtype=torch.bool).reshape(len(lengths), T)
     """),
    ("03", "make_batch", "no E in the target", """
        def make_batch(pairs, seq_len=8):
            def fill(ids):
                return ids + [P] * (seq_len - len(ids))
            columns = [], [], []
            for a, b in pairs:
                for word in (a, b):
                    if len(word) >= seq_len:
                        raise ValueError("no room for " + word)
                columns[0].append(fill(to_ids(a) + [E]))
                columns[1].append(fill([S] + to_ids(b)))
                columns[2].append(fill(to_ids(b)))
            return tuple(torch.tensor(column) for column in columns)
     """),
    ("03", "make_batch", "y_in is y_out", """
        def make_batch(pairs, seq_len=8):
            for word in [w for pair in pairs for w in pair]:
                if len(word) > seq_len - 1:
                    raise ValueError(word)
            x, y = torch.zeros(2, len(pairs), seq_len, dtype=torch.long)
            for row, (a, b) in enumerate(pairs):
                x[row, : len(a) + 1] = torch.tensor(to_ids(a + "E"))
                y[row, : len(b) + 1] = torch.tensor(to_ids(b + "E"))
            return x, y, y.clone()
     """),
    ("03", "Seq2Seq", "state after the last pad", """
        class Seq2Seq(nn.Module):
            def __init__(self, V, H):
                nn.Module.__init__(self)
                self.size = V
                self.encoder, self.decoder = [nn.RNN(V, H, batch_first=True) for _ in range(2)]
                self.out = nn.Linear(H, V)
                for rnn in (self.encoder, self.decoder):
                    nn.init.orthogonal_(rnn.weight_hh_l0)
            def forward(self, x, y_in):
                eye = torch.eye(self.size)
                states = self.encoder(eye[x])[0]
                hidden = states[:, -1].unsqueeze(0).contiguous()
                return self.out(self.decoder(eye[y_in], hidden)[0])
     """),
    ("03", "masked_cross_entropy", "divided by all positions", """
        def masked_cross_entropy(logits, y, pad):
            log_p = logits - logits.logsumexp(dim=-1, keepdim=True)
            chosen = log_p.gather(2, y[..., None])[..., 0]
            return -torch.where(y == pad, torch.zeros(()), chosen).mean()
     """),
    ("03", "masked_cross_entropy", "mean over all positions", """
        def masked_cross_entropy(logits, y, pad):
            B, T, V = logits.shape
            p = torch.softmax(logits.view(B * T, V), dim=1)
            return -p[torch.arange(B * T), y.reshape(-1)].log().sum() / (B * T)
     """),
    ("03", "greedy_decode", "does not cut at E", """
        def greedy_decode(model, words, max_len):
            longest = max(len(w) for w in words)
            x, _, _ = make_batch([(w, "a") for w in words], longest + 2)
            written = [[S] for _ in words]
            for _ in range(max_len):
                best = model(x, torch.tensor(written))[:, -1, :].max(dim=-1).indices
                for row, symbol in zip(written, best.tolist()):
                    row.append(symbol)
            return ["".join(id_to_char[i] for i in row[1:] if i != E) for row in written]
     """),
    ("03", "typo", "never swaps", """
        def typo(word, rng):
            if word == "":
                raise ValueError("an empty word has no typo")
            place = int(rng.random() * len(word))
            before, letter, after = word[:place], word[place], word[place + 1:]
            kinds = 3 if len(word) > 1 else 2
            number = int(rng.random() * kinds)
            if number == 0:
                return before + letter + letter + after
            if number == 1:
                return before + rng.choice(LETTERS.replace(letter, "")) + after
            return before + after
     """),
]  # fmt: skip


@pytest.mark.parametrize(
    ("stage", "exercise", "name", "source"), REWORDED, ids=[f"{case[1]}: {case[2]}" for case in REWORDED]
)
def test_the_same_mistake_in_other_words_is_named(
    worker: Worker, catalogue_of: Callable[[str], Catalogue], stage: str, exercise: str, name: str, source: str
) -> None:
    catalogue = catalogue_of(stage)
    checks = hand_in(worker, catalogue.content, **{exercise: source})
    found = catalogue.name_mistakes(checks)
    assert [m.name for m in found.get(exercise, [])] == [name]
    says = found[exercise][0].says
    failed = [check for check in checks if not check.passed]
    assert failed
    assert all(
        check.says == says and check.words.startswith(says + "\n") and "likely cause" not in check.words
        for check in failed
    )


# Every wrong answer, run like a student's


def test_nearly_every_wrong_answer_of_a_stage_is_named(
    worker: Worker, catalogue_of: Callable[[str], Catalogue]
) -> None:
    catalogue = catalogue_of("00")
    missed = []
    for answer in catalogue.wrong:
        found = catalogue.find(hand_in(worker, catalogue.content, **{answer.exercise: answer.source}))
        if [m.name for m in found.get(answer.exercise, [])][:1] != [answer.name]:
            missed.append((answer.exercise, answer.name, found))
    assert len(missed) <= (1 - SHARE) * len(catalogue.wrong), missed


# What is in no catalogue


UNKNOWN = [
    ("00", "build_vocabulary", "def build_vocabulary(words):\n    return {}, ['x']"),
    ("00", "encode", "def encode(word, char_to_id):\n    return [2 * char_to_id.get(c, 4) for c in word]"),
    ("00", "encode", "def encode(word, char_to_id):\n    return lambda: 3"),
    ("00", "decode", "def decode(ids, id_to_char):\n    return 7"),
    ("00", "pad_batch", "def pad_batch(sequences, pad):\n    return torch.zeros(len(sequences), 1), None"),
    ("00", "pad_batch", "def pad_batch(sequences, pad):\n    pass"),
    ("00", "one_hot", "def one_hot(ids, V):\n    return torch.rand(*ids.shape, V)"),
    ("00", "one_hot", "def one_hot(ids, V):\n    return torch.full((*ids.shape, V), float('nan'))"),
    ("00", "padding_mask", "def padding_mask(lengths, T):\n    raise TypeError('no')"),
    ("00", "padding_mask", "def padding_mask(lengths, T):\n    return torch.ones(len(lengths), T).bool()"),
    ("03", "masked_cross_entropy", "def masked_cross_entropy(logits, y, pad):\n    return logits.sum() * 0 + 3"),
    ("03", "typo", "def typo(word, rng):\n    return word[::-1]"),
]  # fmt: skip


@pytest.mark.parametrize(("stage", "exercise", "source"), UNKNOWN)
def test_an_unknown_mistake_is_told_as_call_got_expected(
    worker: Worker, catalogue_of: Callable[[str], Catalogue], stage: str, exercise: str, source: str
) -> None:
    catalogue = catalogue_of(stage)
    checks = hand_in(worker, catalogue.content, **{exercise: source})
    assert catalogue.name_mistakes(checks) == {}
    failed = [check for check in checks if not check.passed]
    assert failed
    assert any(not check.hidden for check in failed)
    for check in [check for check in failed if not check.hidden]:
        call, *rest = check.message.split("\n")
        assert exercise in call or call.endswith(")"), check.message
        assert any(line.startswith("  got:       ") for line in rest), check.message
        assert any(line.startswith("  expected:  ") for line in rest), check.message


def test_a_blank_exercise_is_not_diagnosed(worker: Worker, catalogue_of: Callable[[str], Catalogue]) -> None:
    catalogue = catalogue_of("00")
    checks = hand_in(worker, catalogue.content, encode="def encode(word, char_to_id):\n    raise NotImplementedError")
    assert not any(check.record for check in checks) and catalogue.find(checks) == {}


# A small stage for the rest


SMALL = '''
# %% given="setup"
import torch
from autograder.lab import expect

# %% exercise="total"
def total(x):
    """The sum."""
    ### BEGIN SOLUTION
    return x.sum()
    ### END SOLUTION

# %% check="total-value" points=1
expect(total(torch.arange(5.0))).close(10.0)

# %% check="total-empty" points=1
expect(total(torch.empty(0))).equal(0.0)
### BEGIN HIDDEN TESTS
expect(total(torch.tensor([41.0, 59.0]))).close(100.0)
### END HIDDEN TESTS

# %% check="total-whole" points=1
expect(total(torch.tensor([1, 2])).dtype).equal(torch.long)

# %% exercise="mean" builds_on="total"
def mean(x):
    """The mean."""
    ### BEGIN SOLUTION
    return total(x) / len(x)
    ### END SOLUTION

# %% check="mean-value" points=1
expect(mean(torch.arange(5.0))).close(2.0)
'''
ANSWERS = """
# %% right="total" name="loop"
def total(x):
    return sum(x, torch.zeros((), dtype=x.dtype))

# %% wrong="total" name="doubled" says="You count twice."
def total(x):
    return 2 * x.sum()

# %% wrong="total" name="floats" says="You lose whole numbers."
def total(x):
    return x.sum().float()

# %% wrong="total" name="not empty" says="No numbers sum to 0."
def total(x):
    return x.sum() if len(x) else torch.tensor(1.0)

# %% right="mean" name="torch"
def mean(x):
    return x.mean()

# %% wrong="mean" name="one too few" says="You divide by n - 1."
def mean(x):
    return total(x) / (len(x) - 1)
"""


@pytest.fixture
def small(mini: Stage) -> Stage:
    mini.text.write_text(SMALL.lstrip(), encoding="utf-8")
    mini.answers.write_text(ANSWERS.lstrip(), encoding="utf-8")
    return mini


@pytest.fixture
def catalogue(small: Stage, worker: Worker) -> Catalogue:
    return Catalogue(read_stage(small), Limits(), worker.run)


def names(catalogue: Catalogue, checks: list[CheckResult]) -> dict[str, list[str]]:
    return {exercise: [m.name for m in found] for exercise, found in catalogue.find(checks).items()}


def test_of_two_mistakes_both_are_named(worker: Worker, catalogue: Catalogue) -> None:
    """Here each shows in checks of its own; each of these begins with its sentence."""
    source = "def total(x):\n    return x.sum().float() if len(x) else torch.tensor(1.0)"
    checks = hand_in(worker, catalogue.content, total=source)
    found = catalogue.name_mistakes(checks)
    assert sorted(m.name for m in found["total"]) == ["floats", "not empty"]
    told = {check.id: check.words.split("\n")[0] for check in checks if not check.passed}
    assert told == {"total-empty": "No numbers sum to 0.", "total-whole": "You lose whole numbers."}


def test_half_of_a_known_mistake_is_another_one(worker: Worker, catalogue: Catalogue) -> None:
    """`doubled` fails more checks than this, so it is not what is wrong here."""
    source = "def total(x):\n    return 2 * x.sum() if len(x) == 5 else x.sum()"
    assert names(catalogue, hand_in(worker, catalogue.content, total=source)) == {}


def test_of_two_that_agree_the_more_specific_one_is_named(small: Stage, worker: Worker) -> None:
    """`doubled` explains both checks that fail, and this one, which stands before it, only the first."""
    half = '# %% wrong="total" name="five" says="You count five numbers twice."\ndef total(x):\n'
    half += "    return 2 * x.sum() if len(x) == 5 else x.sum()\n\n"
    text = small.answers.read_text(encoding="utf-8")
    small.answers.write_text(
        text.replace('# %% wrong="total" name="doubled"', half + '# %% wrong="total" name="doubled"')
    )
    catalogue = Catalogue(read_stage(small), Limits(), worker.run)
    checks = hand_in(worker, catalogue.content, total="def total(x):\n    return x.sum() + x.sum()")
    assert names(catalogue, checks) == {"total": ["doubled"]}
    checks = hand_in(worker, catalogue.content, total="def total(x):\n    return x.sum() * (1 + (len(x) == 5))")
    assert names(catalogue, checks) == {"total": ["five"]}


@pytest.mark.parametrize(
    "wrong", ["x", "(x, 3)", "x.tolist()", "str(x)", "len('a' * x)", "x.sum() if int(x[0]) else x"]
)
def test_an_unknown_mistake_shows_no_hidden_input(worker: Worker, catalogue: Catalogue, wrong: str) -> None:
    """Not even where the student's own function gives it back, or an error quotes it."""
    source = f"def total(x):\n    return x.sum() if len(x) != 2 or x.dtype == torch.long else {wrong}"
    if wrong.endswith("else x"):
        source = "def total(x):\n    if len(x) == 2 and x.dtype != torch.long:\n        raise ValueError(x.tolist())\n"
        source += "    return x.sum()"
    (check,) = [c for c in hand_in(worker, catalogue.content, total=source) if not c.passed]
    assert check.hidden and check.message in (
        "A hidden test found a wrong result.",
        "In a hidden test, the call raised an error.",
    )
    assert "41" not in check.message and "59" not in check.message and not check.traceback


def test_what_builds_on_a_broken_exercise_is_not_diagnosed(worker: Worker, catalogue: Catalogue) -> None:
    wrong = {"mean": "def mean(x):\n    return total(x) / (len(x) - 1)"}
    assert names(catalogue, hand_in(worker, catalogue.content, **wrong)) == {"mean": ["one too few"]}
    wrong["total"] = "def total(x):\n    return x.sum() * 2"
    told = names(
        catalogue,
        hand_in(
            worker,
            catalogue.content,
            **wrong,
        ),
    )
    assert told == {"total": ["doubled"]}


def test_an_answer_that_ends_its_process_takes_no_other_along(small: Stage, worker: Worker) -> None:
    dies = '\n# %% wrong="total" name="dies" says="It dies."\ndef total(x):\n    import os\n    os._exit(3)\n'
    text = small.answers.read_text(encoding="utf-8").replace(
        '\n# %% wrong="total" name="floats"', dies + '\n# %% wrong="total" name="floats"'
    )
    small.answers.write_text(text, encoding="utf-8")
    catalogue = Catalogue(read_stage(small), Limits(), worker.run)
    checks = hand_in(worker, catalogue.content, total="def total(x):\n    return x.sum() + 0.0")
    assert names(catalogue, checks) == {"total": ["floats"]}


def test_verify_names_wrong_answers_that_nothing_tells_apart(small: Stage) -> None:
    proof = prove(small, seeds=1)
    assert (proof.diagnosed, proof.alike) == (4, [])
    twin = '\n# %% wrong="total" name="twice" says="Twice."\ndef total(x):\n    return x.sum() + x.sum()\n'
    small.answers.write_text(small.answers.read_text(encoding="utf-8") + twin, encoding="utf-8")
    proof = prove(small, seeds=1)
    assert (proof.wrong, proof.diagnosed) == (5, 3)
    (fact,) = proof.alike
    assert 'the wrong answers "doubled" and "twice" of "total" give the same in every check' in fact
    assert "Add a check that tells them apart" in fact and fact in proof.problems
    assert fact in run("verify", cwd=small.course.root, ok=False).stdout


# From the command to the page


def test_the_sentence_is_in_the_marks_and_on_the_page_and_nothing_else_of_the_catalogue(mini: Stage) -> None:
    secret = "canary_9183"
    text = mini.answers.read_text(encoding="utf-8").replace(
        "def differences(x):\n", f"def differences(x):\n    {secret} = 1\n"
    )
    mini.answers.write_text(text, encoding="utf-8")
    root = mini.course.root
    run("sample-class", "12", "--students", "1", "--out", "one", cwd=root)
    notebook = nbformat.read(root / "one" / "student_01.ipynb", as_version=4)
    (answer,) = [a for a in read_answers(mini, read_stage(mini)) if a.name == "sign swapped"]
    source = "def differences(x):\n    before, later = x[..., :-1], x[..., 1:]\n    return -(later - before)"
    next(c for c in notebook.cells if c.id == "differences").source = source
    (root / "class").mkdir()
    nbformat.write(notebook, root / "class" / "ana.ipynb")
    for _ in range(2):  # also where all is in the store
        run("grade", "12", "--from", "class", "--json", "marks.json", cwd=root)
        student = json.loads((root / "marks.json").read_text(encoding="utf-8"))["students"]["ana"]
        assert student["misconceptions"] == {"differences": "sign swapped"}
        assert student["says"] == {"differences": answer.says}
        assert student["checks"]["differences-values"]["message"].startswith(answer.says)
    page = next((root / ".course" / "feedback").rglob("*.html")).read_text(encoding="utf-8")
    assert html.escape(answer.says) in page
    assert secret not in page and secret not in json.dumps(student)


# The record


def fail(worker: Worker, student: str, check: str = "f(1)\nassert False", **limits: Any) -> CheckResult:
    cells = [
        JobCell("given", "setup", "import torch\nfrom autograder.lab import expect"),
        JobCell("student", "f", student),
    ]
    result = worker.run(Job([*cells, JobCell("check", "f-0", check)], ["f"], Limits(**limits)))
    assert not result.checks[0].passed
    return result.checks[0]


@pytest.mark.parametrize(("one", "other", "same"), [
    ("torch.arange(60.) / 7", "torch.arange(60.) * (1 / 7)", True),
    ("torch.arange(9000.) / 7", "torch.arange(9000.).double() / 7", True),
    ("torch.arange(9000.)", "torch.arange(9000.).index_fill(0, torch.tensor([4000]), 0.)", False),
    ("torch.arange(9000.)", "torch.cat([torch.arange(4099., 9000.), torch.arange(4099.)])", False),
    ("torch.arange(9.)", "torch.arange(9)", False),
    ("torch.zeros(3, 4)", "torch.zeros(4, 3)", False),
    ("[1, 2.0]", "[1, 2]", True),
    ("[1, 2]", "[1, 3]", False),
    ("[1, 2]", "(1, 2)", False),
    ("[10**6]", "[10**6 + 1]", False),
    ("[0.1] * 100", "[0.1 + 1e-9] * 100", True),
    ("list(range(100))", "[*range(99), 0]", False),
    ("float('nan')", "float('inf')", False),
    ("torch.tensor([1., float('nan')])", "torch.tensor([float('nan'), 1.])", False),
    ("{'a': 1, 'b': 2}", "{'b': 2, 'a': 1}", True),
    ("{'a', 'b'}", "{'b', 'a'}", True),
    ("'ab'", "'ac'", False),
    ("lambda: 1", "torch.nn.Linear(1, 1)", True),
    ("x", "x + 0", True),
    ("[][3]", "()[3]", False),
    ("{}['k']", "{}['l']", True),
    ("torch.ones(2) @ torch.ones(3)", "torch.ones(2) @ torch.ones(4)", False),
])  # fmt: skip
def test_results_agree_where_the_values_do(worker: Worker, one: str, other: str, same: bool) -> None:
    check = "try:\n    f(torch.arange(3.))\nexcept Exception: pass\nassert False"
    a, b = (fail(worker, f"import torch\ndef f(x):\n    return {value}", check) for value in (one, other))
    assert (distance(a, b) is not None) == same
    assert distance(a, a) == 0 and distance(b, b) == 0


def test_changed_arguments_gradients_and_callbacks_are_in_the_record(worker: Worker) -> None:
    def told(student: str, check: str) -> CheckResult:
        return fail(worker, textwrap.dedent(student), textwrap.dedent(check) + "\nassert False")

    check = "items = [1, 2]\nf(items)"
    adds = [told(f"def f(x):\n    x.append({n})", check) for n in (3, 4)]
    assert distance(adds[0], adds[1]) is None and distance(adds[0], adds[0]) == 0
    check = "x = torch.ones(3, requires_grad=True)\nf(x).backward()"
    slopes = [told(f"def f(x):\n    return (x ** {n}).sum()", check) for n in (2, 3)]
    assert distance(slopes[0], slopes[1]) is None
    check = "seen = []\nf(lambda x: seen.append(x))\nassert seen == [9], seen"
    calls = [told(f"def f(g):\n    g({n})", check) for n in (7, 8)]
    assert distance(calls[0], calls[1]) is None  # the check saw another argument, and the message says so
    twice = told("def f(g):\n    y = g(0), g(1)\n    return 3", "expect(f(lambda x: x)).equal(4)")
    once = told("def f(g):\n    y = g(0)\n    return 3", "expect(f(lambda x: x)).equal(4)")
    assert 0 < (distance(once, twice) or 0) < 1  # the same wrong result, come to in another way


def test_what_was_changed_between_two_calls_back_is_in_the_record(worker: Worker) -> None:
    """Here each change is told with the call back that follows it, and the last one is `next`."""
    student = "def f(layer):\n    for p in layer.parameters():\n        p.data[%d] = 7.0"
    check = "torch.manual_seed(0)\nf(torch.nn.Linear(3, 3))\nassert False"
    one, other = (fail(worker, student % place, check) for place in (0, 1))
    assert distance(one, one) == 0 and distance(one, other) is None


def test_a_refusal_that_is_missing_is_the_same_mistake_where_the_same_error_comes_instead(worker: Worker) -> None:
    check = "expect(lambda: f([])).raises(ValueError, mention='no words')"
    bodies = ("return x[0]", "return ()[0]", "return 0", "raise KeyError('no words')", "raise ValueError('x')")
    one, other, value, key, text = (fail(worker, f"def f(x):\n    {body}", check) for body in bodies)
    assert distance(one, other) == diagnosis._UNCHECKED
    assert distance(one, value) is None and distance(key, one) is None and distance(key, text) is None
    again = fail(worker, "def f(x):\n    if not x:\n        raise ValueError('y')", check)
    assert 0 < (distance(text, again) or 0) < 1
    elsewhere = "f([])\nassert False"
    assert distance(*(fail(worker, f"def f(x):\n    {body}", elsewhere) for body in bodies[:2])) is None


def test_where_nothing_was_asked_what_is_said_tells_mistakes_apart(worker: Worker) -> None:
    """As where a project was trained in an earlier check, and this one compares its score with a bar."""
    said = [fail(worker, "", f"expect({score}).at_least(0.5)") for score in (0.1, 0.1, 0.2)]
    assert distance(said[0], said[1]) == 0 and distance(said[0], said[2]) is None
    many = "for _ in range(1000):\n    f(1)\n"  # more than a record holds
    same = "def f(x):\n    return 1"
    said = [fail(worker, same, f"{many}expect({score}).at_least(0.5)") for score in (0.1, 0.1, 0.2)]
    assert distance(said[0], said[1]) == 0 and distance(said[0], said[2]) is None


def test_where_several_agree_the_nearest_is_meant() -> None:
    a = torch.linspace(1, 2, 50)
    steps = [json.loads(json.dumps(_step("", a * k))) for k in (1, 1 + 4e-4, 1 + 5e-4)]
    near, far = (diagnosis._step(steps[2], step) or math.inf for step in (steps[1], steps[0]))
    assert near < far < diagnosis.NEAR


@pytest.mark.parametrize("body", [
    "return [[[]] * 1000] * 900",
    "return torch.zeros(10_000_000)",
    "return 'x' * 10_000_000",
    "return [10 ** 2000, -10 ** 2000, 1e308, -1e-308, 5e-324]",
    "return torch.full((3000,), 1e308, dtype=torch.float64)",
    "return {float('nan'): 1, None: 2, 'a': 3, (1,): {}}",
    "a = []; a.append(a); return a",
    "raise type('E' * 5000, (Exception,), {})('x' * 100_000)",
    "x = []\n    for _ in range(50): x = [x]\n    return x",
    "return torch.zeros(0, 5), torch.tensor(1j), torch.zeros(2, dtype=torch.bfloat16), b'', ...",
])  # fmt: skip
def test_enormous_and_strange_results_break_nothing(worker: Worker, body: str) -> None:
    check = "for _ in range(3):\n    try:\n        f(1)\n    except Exception: pass\nassert False, 'as it should'"
    got = fail(worker, f"import torch\ndef f(x):\n    {body}", check)
    assert got.message == "as it should"
    assert len(json.dumps(got.record, allow_nan=False)) < 20_000
    assert distance(got, got) == 0


def test_many_calls_are_recorded_up_to_a_bound(worker: Worker) -> None:
    got = fail(worker, "def f(x):\n    return float(x)", "for i in range(3000):\n    f(i)\nassert False")
    assert got.record["cut"] and len(json.dumps(got.record)) < 100_000
    assert distance(got, got) == 0
    small = fail(worker, "def f(x):\n    return float(x)", "for i in range(3):\n    f(i)\nassert False")
    assert distance(got, replace(small, record=small.record | {"line": got.record["line"]})) is None


def test_a_log_that_is_no_conversation_is_read_as_far_as_it_goes() -> None:
    log = Log()
    log.add(True, {"do": "call", "args": [1]}, [], 0)
    log.add(False, {"value": 3}, [], 0)
    log.add(False, {"value": ["T", "float32", [5], None, 0, 20, False, False, None, None, True]}, [b"short"], 5)
    told = read(log)
    assert told["cut"] and len(told["steps"]) == 1


def test_nothing_that_a_hidden_test_passed_is_readable_in_the_record(worker: Worker) -> None:
    student = "def f(x):\n    raise type(x, (Exception,), {})(x) if len(x) > 9 else KeyError(x)"
    got = fail(worker, student, "### BEGIN HIDDEN TESTS\nf('canary_1')\n### END HIDDEN TESTS")
    assert got.record and "canary" not in json.dumps(got.record)


def test_nothing_of_the_catalogue_lies_where_students_code_runs(worker: Worker, catalogue: Catalogue) -> None:
    """The answers run in a process of their own, after and before those of students."""
    catalogue.known("total")
    look = "import gc\ndef total(x):\n    raise ValueError([o for o in gc.get_objects() if 'You lose' in str(o)][:1])"
    checks = hand_in(worker, catalogue.content, total=look)
    assert "You lose" not in "".join(check.message for check in checks).replace("'You lose'", "")


def test_a_stage_without_answers_is_graded_without_diagnosis(small: Stage, worker: Worker) -> None:
    Path(small.answers).unlink()
    catalogue = Catalogue(read_stage(small), Limits(), worker.run)
    assert names(catalogue, hand_in(worker, catalogue.content, total="def total(x):\n    return 2 * x.sum()")) == {}


def test_a_mended_answer_is_heard_without_running_the_class_again(small: Stage, worker: Worker, tmp_path: Path) -> None:
    """Sentences are looked up when a result is read, not when it is stored."""
    checks = hand_in(worker, read_stage(small), total="def total(x):\n    return 2 * x.sum()")
    edit_answers = small.answers.read_text(encoding="utf-8").replace("You count twice.", "Each number counts once.")
    small.answers.write_text(edit_answers, encoding="utf-8")
    found = Catalogue(read_stage(small), Limits(), worker.run).name_mistakes(checks)
    assert found["total"][0].says == "Each number counts once." == checks[0].says
