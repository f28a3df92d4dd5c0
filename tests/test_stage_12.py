"""Stage 12: a student's test is graded by hidden versions that it can only call, and no key leaves the source."""

from __future__ import annotations

import json
import math
import re
import shutil
import statistics
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from autograder.build.write import build
from autograder.course.layout import Course, Stage
from autograder.run.job import Job, JobCell, Result
from autograder.run.limits import Limits
from autograder.run.sandbox.bwrap import available
from autograder.run.worker.worker import Worker
from autograder.stage.model import Content
from autograder.stage.read import read_stage

from .conftest import ROOT

SLUG = "12_quizzes"
CLINIC = [
    "test_additive_score",
    "test_masked_softmax",
    "test_split_heads",
    "test_last_state",
    "test_masked_loss",
    "test_beam_search",
    "test_lstm_step",
    "test_causal_attention",
    "test_pair_features",
    "test_pointing_accuracy",
]


@pytest.fixture(scope="module")
def content() -> Content:
    return read_stage(Course(ROOT).stages((SLUG,))[0])


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with Worker() if available()[0] else Worker(sandbox="none") as worker:
        yield worker


def grade(
    worker: Worker, content: Content, tests: dict[str, str], after: str = "", limits: Limits | None = None
) -> Result:
    """Grade these tests as a submission is graded; `after` is one more cell of the student."""
    cells = [JobCell("given", cell.id, cell.source) for cell in content.of_kind("given")]
    for name, source in tests.items():
        cells += [JobCell("student", name, source)]
        cells += [JobCell("check", check.id, check.source) for check in content.checks(name)]
    cells += [JobCell("student", "cell 99", after)] if after else []
    result = worker.run(Job(cells, list(tests), limits or Limits()))
    assert not result.error, result.error
    assert len(result.checks) == len(tests)
    return result


def of_all(body: str) -> dict[str, str]:
    indented = "\n".join("    " + line for line in body.strip("\n").split("\n"))
    return {name: f"def {name}(candidate):\n{indented}" for name in CLINIC}


READS_THE_SOURCE = """
import dis, gc, inspect, io, linecache, sys
found = []
for look in (
    lambda: inspect.getsource(candidate),
    lambda: inspect.getsource(inspect.unwrap(candidate)),
    lambda: candidate.__code__.co_names,
    lambda: candidate.__code__.co_consts,
    lambda: candidate.__globals__,
    lambda: candidate.__closure__[0].cell_contents,
    lambda: candidate.__wrapped__,
    lambda: candidate.__name__,
    lambda: candidate.__qualname__,
    lambda: candidate.__doc__,
    lambda: candidate.__dict__,
    lambda: candidate.__reduce_ex__(4),
    lambda: dis.dis(candidate, file=io.StringIO()),
    lambda: candidate.version,
    lambda: sys._getframe(1).f_locals,
):
    try:
        found.append(str(look()))
    except Exception:
        pass
found += [str(lines) for lines in linecache.cache.values()]
found += [str(x) for x in gc.get_objects() if type(x).__name__ == "code"]
if any("versions" in text or "refused" in text for text in found):
    return True
return not any("without" in text or "wrong" in text for text in found)
"""
CHEATS = {
    "empty": "pass",
    "always true": "return True",
    "always false": "return False",
    "always raises": "raise AssertionError('wrong')",
    "reads the source": READS_THE_SOURCE,
    "true for the first call only": "n = candidate.__dict__ = 1\nreturn n",
    "gives back the candidate": "return candidate",
    "answers in turn": "turn.append(1)\nreturn len(turn) % 2 == 1",
    "equals everything": "return type('All', (), {'__eq__': lambda s, o: True, '__bool__': lambda s: True})()",
}


@pytest.mark.parametrize("cheat", CHEATS)
def test_a_test_that_does_not_test_gets_nothing(worker: Worker, content: Content, cheat: str) -> None:
    tests = of_all(CHEATS[cheat])
    tests = {name: "turn = []\n" + source for name, source in tests.items()}
    result = grade(worker, content, tests)
    assert result.passed == []
    assert {check.kind for check in result.checks} <= {"expectation", "student_error", "unusable"}


# Calls a version with what it cannot take. Every answer must be the first one's, or the verdict is turned round.
ODD = """
def told(candidate, *arguments, **names):
    state = torch.random.get_rng_state()
    try:
        candidate(*arguments, **names)
        text = "taken"
    except Exception as e:
        text = f"{type(e).__name__}: {e} {e.__cause__} {e.__context__}"
    return text if torch.equal(state, torch.random.get_rng_state()) else "draws"
allowed = ["taken"]
"""
LOOKS_AT_ERRORS = """
n = NUMBER
if len(allowed) == 1:
    allowed.extend([told(candidate), told(candidate, name=1)])
odd = [(), (None,) * n, (1,) * n, ("a",) * n, ([1.0],) * n, (torch.zeros(2, 3),) * n, (torch.zeros(0),) * n, (1,) * 9]
same = all(told(candidate, *arguments) in allowed for arguments in odd) and told(candidate, name=1) == allowed[2]
return judged(candidate) if same and "ValueError" in allowed[1] else not judged(candidate)
"""
NUMBERS = dict(zip(CLINIC, (5, 2, 2, 2, 3, 3, 7, 3, 3, 3), strict=True))


def with_solution(content: Content, body: str) -> dict[str, str]:
    """These bodies for all tests of the clinic; each may call `judged`, the solution's test."""
    solved = {cell.id: cell.source for cell in content.of_kind("exercise")}
    return {
        name: solved[name].replace(f"def {name}(", "def judged(") + "\n" + ODD + "kept = []\n" + source
        for name, source in of_all(body).items()
    }


def test_errors_tell_no_version_from_another(worker: Worker, content: Content) -> None:
    tests = with_solution(content, LOOKS_AT_ERRORS)
    tests = {name: source.replace("NUMBER", str(NUMBERS[name])) for name, source in tests.items()}
    assert len(grade(worker, content, tests).passed) == len(CLINIC)
    others = {name: source.replace("(2, 3)", "(2)") + "\nallowed[0] = ''" for name, source in tests.items()}
    assert len(grade(worker, content, others).passed) < len(CLINIC)  # the look notices what differs


# Decides by what an error says: the names of all right versions are known to it.
RIGHT = (
    "additive loops joined by_sigmoid masked_first smallest by_hand row_by_row cut_and_transpose slices einsum turned "
    "index gather picked loop ignoring gathered selected in_double by_probabilities adds_logs probabilities with_topk "
    "in_torchs_order torchs_own sees_itself one_by_one chosen_states row_after_row by_product added_up "
    "first_brightest lists only_the_first row_then_column"
)
BY_NAME = f"""
try:
    candidate()
except Exception as e:
    return str(e).split("(")[0] in {RIGHT.split()} or isinstance(e, IndexError)
return False
"""


def test_a_test_that_decides_by_the_text_of_an_error_gets_nothing(worker: Worker, content: Content) -> None:
    assert grade(worker, content, of_all(BY_NAME)).passed == []


def test_a_verdict_cannot_be_changed_after_it_was_given(worker: Worker, content: Content) -> None:
    """One verdict is a parameter that is wrong when it is given, and right as soon as the next version comes."""
    body = """
right = judged(candidate)
for tensor, value in kept:
    tensor.data.fill_(value)
kept.append((torch.nn.Parameter(torch.tensor([not right]), requires_grad=False), right))
return kept[-1][0] if len(kept) == 5 else right
"""
    tests = with_solution(content, body)
    assert grade(worker, content, tests).passed == []
    # The same with a parameter that is right from the first moment on: a tensor with one bool is a verdict.
    at_once = {name: source.replace("[not right]", "[right]") for name, source in tests.items()}
    assert len(grade(worker, content, at_once).passed) == len(CLINIC)


@pytest.mark.parametrize(
    "odd", ["torch.ones(2, 3, 4321) > 0", "123456.0", "'text' * 77", "[True] * 77", "float('nan')", "torch.tensor(77)"]
)
def test_a_failure_shows_nothing_of_a_hidden_verdict(worker: Worker, content: Content, odd: str) -> None:
    tests = {n: f"seen = []\n{s}" for n, s in of_all(f"seen.append(1)\nif len(seen) > 4:\n    return {odd}").items()}
    tests = {name: source + "\n    return len(seen) in (1, 3)" for name, source in tests.items()}
    result = grade(worker, content, tests)
    assert result.passed == []
    for check in result.checks:
        assert "A test says True or False" in check.words
        assert not re.search(r"\d\d", check.words), check.words
    assert len({check.words for check in result.checks}) == 1


def test_every_test_of_the_solution_gets_its_points(worker: Worker, content: Content) -> None:
    solved = {cell.id: cell.source for cell in content.of_kind("exercise") if cell.id in CLINIC}
    assert list(solved) == CLINIC
    assert len(grade(worker, content, solved).passed) == len(CLINIC)


def test_an_exercise_of_the_clinic_is_all_or_nothing(content: Content) -> None:
    for name in CLINIC:
        [check] = content.checks(name)
        hidden = check.source.split("### BEGIN HIDDEN TESTS")[1]
        listed = hidden[hidden.index("versions = [") :]
        right, wrong = len(re.findall(r"\bTrue,\s*refused", listed)), len(re.findall(r"\bFalse,\s", listed))
        assert right >= 3 and wrong >= 7, (name, right, wrong)


# A student's cell that looks through the whole memory of its process. `[x]` keeps a pattern from finding itself.
LOOK = r"""
def look():
    import re
    wanted = {
        "given": rb"a version takes tensors, numbers, text[s], None",
        "hidden code": rb"2 \* torch\.sigmoi[d]\(2 \* x\)",
        "hidden name": rb"tanh_outsid[e]",
        "hidden hint": rb"its tanh stands at the wrong plac[e]",
    }
    seen = dict.fromkeys(wanted, 0)
    with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", buffering=0) as memory:
        for line in maps.read().splitlines():
            place, rights, *_ = line.split()
            if not rights.startswith("rw"):
                continue
            start, end = (int(x, 16) for x in place.split("-"))
            try:
                memory.seek(start)
                data = memory.read(end - start)
            except (OSError, OverflowError, ValueError):
                continue
            for name, pattern in wanted.items():
                seen[name] += len(re.findall(pattern, data))
            del data
    return seen

calls = []
def test_additive_score(candidate):
    SOLUTION
"""


@pytest.mark.parametrize("control", [False, True])
def test_the_source_of_a_hidden_version_never_enters_the_students_process(
    worker: Worker, content: Content, control: bool
) -> None:
    """The student's process looks for it in two calls of a check. The control asks for the opposite."""
    solution = next(cell.source for cell in content.of_kind("exercise") if cell.id == "test_additive_score")
    body = solution.split("### BEGIN SOLUTION\n")[1].split("    ### END SOLUTION")[0].replace("return ", "answer = ")
    body += "    calls.append(1)\n    if len(calls) not in (6, 13):\n        return answer\n"
    body += "    seen = look()\n    clean = seen.pop('given') > 0 and not any(seen.values())\n"
    body += f"    return answer if clean != {control} else not answer\n"
    limits = Limits(check_seconds=60, cell_seconds=60, total_seconds=180, cpu_seconds=120, memory_mb=4096)
    result = grade(
        worker, content, {"test_additive_score": LOOK.replace("    SOLUTION\n", body)}, "print(look())", limits
    )
    assert result.checks[0].passed != control, result.checks[0].message
    found = eval(result.cells[-1].outputs[0]["text"])
    assert found.pop("given") > 0  # the look finds what is there
    assert set(found.values()) == {0}, found


SPY = """
class Spy:
    def __getattr__(self, name):
        trace.append(name)
        return self
    def __call__(self, *arguments, **names):
        return self
for what in "add radd sub rsub mul rmul matmul rmatmul getitem len iter".split():
    setattr(Spy, f"__{what}__", lambda self, *other, what=what: trace.append(what) or self)
trace = []
def test_split_heads(candidate):
    x = torch.zeros(2, 3, 4)
    for arguments in ((Spy(), 2), (x, Spy()), ([Spy()], 2), (x.as_subclass(Sub), 2)):
        try:
            candidate(*arguments)
            trace.append("taken")
        except TypeError:
            pass
    try:
        candidate(x=torch.zeros(2, 3, 4), N=2)
        trace.append("taken by name")
    except TypeError:
        pass
    return not trace
class Sub(torch.Tensor):
    pass
"""


def test_a_version_cannot_be_traced_with_an_object_that_writes_down_what_is_done_to_it(
    worker: Worker, content: Content
) -> None:
    result = grade(worker, content, {"test_split_heads": SPY})
    assert result.passed == []
    # It says True for the first version, so its trace was empty; and then for the visible wrong one too.
    assert result.checks[0].hint.startswith("This head holds pieces of several positions.")


def test_a_failure_tells_no_code_of_a_hidden_version(worker: Worker, content: Content) -> None:
    for body in ("return True", "return candidate.__code__", "return candidate(1, 2, 3, 4, 5, 6, 7)"):
        told = json.dumps(asdict(grade(worker, content, of_all(body))))
        for code in ("einsum(", "masked_fill", "tanh_outside", "def ", "linecache"):
            assert code not in told


# Keys


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """A course with the texts of the stages, and nothing else."""
    root = tmp_path_factory.mktemp("course")
    for name in ("course.py", "nbgrader_config.py"):
        shutil.copy(ROOT / name, root / name)
    for text in ROOT.glob("solutions/*/notebook.py"):
        (root / "solutions" / text.parent.name).mkdir(parents=True)
        shutil.copy(text, root / "solutions" / text.parent.name / "notebook.py")
    return Course(root).stages((SLUG,))[0]


def students(stage: Stage) -> str:
    build(stage)
    return (stage.course.root / "notebooks" / SLUG / f"{SLUG}.ipynb").read_text(encoding="utf-8")


def other_keys(text: str) -> str:
    """The same questions with other keys, and with other sentences."""

    def turn(cell: re.Match[str]) -> str:
        lines = cell[0].split("\n")
        options = [i for i, line in enumerate(lines) if line.startswith("# - [")]
        if 'kind="number"' in lines[0] or 'kind="shape"' in lines[0]:
            first, second = (lines[i].split("] ", 1)[1] for i in options[:2])
            lines[options[0]], lines[options[1]] = f"# - [x] {second}", f"# - [ ] {first}"
        elif 'kind="several"' in lines[0]:
            marks = [lines[i][5] for i in options]
            for i, mark in zip(options, marks, strict=True):
                lines[i] = f"# - [{' ' if mark == 'x' and len(set(marks)) > 1 else 'x'}]{lines[i][7:]}"
        else:
            marks = [lines[i][5] for i in options]
            for i, mark in zip(options, marks[1:] + marks[:1], strict=True):
                lines[i] = f"# - [{mark}]{lines[i][7:]}"
        return "\n".join("#   > Another sentence." if line.startswith("#   >") else line for line in lines)

    return re.sub(r"(?ms)^# %% \[markdown\] quiz=.*?(?=^\n|\n\n)", turn, text)


def test_a_students_notebook_is_the_same_whatever_the_keys_are(copy: Stage) -> None:
    text = copy.text.read_text(encoding="utf-8")
    before, keys = students(copy), {quiz.id: quiz.key for quiz in read_stage(copy).quizzes}
    copy.text.write_text(other_keys(text), encoding="utf-8")
    try:
        after, others = students(copy), {quiz.id: quiz.key for quiz in read_stage(copy).quizzes}
    finally:
        copy.text.write_text(text, encoding="utf-8")
    assert after == before
    assert list(others) == list(keys)
    assert [name for name in keys if keys[name] == others[name]] == []


def test_a_students_notebook_holds_no_sentence_and_no_hidden_version(copy: Stage) -> None:
    notebook, content = students(copy), read_stage(copy)
    for quiz in content.quizzes:
        for option in quiz.options:
            assert json.dumps(option.says, ensure_ascii=False)[1:-1] not in notebook, (quiz.id, option.label)
    for cell in json.loads(notebook)["cells"]:
        assert set(cell["metadata"]) <= {"nbgrader", "deletable", "editable", "tags", "jupyter"}, cell["metadata"]
        assert set(cell["metadata"].get("tags", [])) <= {"hide-input", "raises-exception"}
        assert not cell.get("outputs")
    assert "HIDDEN" not in notebook and "versions = [" not in notebook and "quiz_answer.grade" not in notebook


def test_there_are_enough_questions_of_every_kind(content: Content) -> None:
    kinds = [quiz.kind for quiz in content.quizzes]
    assert len(kinds) >= 70
    assert set(kinds) == {"one", "several", "number", "shape", "match"}
    assert sum(quiz.id.endswith("_verdict") for quiz in content.quizzes) == 20
    assert sum(bool(quiz.draw) for quiz in content.quizzes) >= 10


def test_the_look_of_the_options_tells_no_key(content: Content) -> None:
    """Of the questions with one letter: neither the longest option nor one letter is right too often."""
    ones = [quiz for quiz in content.quizzes if quiz.kind == "one"]
    verdicts = [quiz for quiz in ones if quiz.id.endswith("_verdict")]
    others = [quiz for quiz in ones if quiz not in verdicts]
    for asked in (ones, others):
        longest = [
            quiz.id
            for quiz in asked
            if max(len(option.text) for option in quiz.options)
            == next(len(option.text) for option in quiz.options if option.label == quiz.key)
        ]
        assert len(longest) <= 0.4 * len(asked), longest
        letters = Counter(quiz.key for quiz in asked)
        assert set(letters) == set("ABCD") and max(letters.values()) <= 0.4 * len(asked), letters
    assert max(Counter(quiz.key for quiz in verdicts).values()) < len(verdicts) / 2
    several = Counter(quiz.key for quiz in content.quizzes if quiz.kind == "several")
    assert max(several.values()) == 1, several


# What the keys quote


def load(name: str) -> Any:
    return json.loads((ROOT / "datasets" / f"{name}.json").read_text(encoding="utf-8"))


def test_the_keys_quote_the_stored_runs(content: Content) -> None:
    keys = {quiz.id: quiz.value() for quiz in content.quizzes}
    message = "The stored runs changed: change the key and the sentences of this question too."
    pads = load("seq2seq_runs")["runs"]
    both = [a and b for a, b in zip(*(pads["copied, one pass"][word] for word in ("highh", "kingh")), strict=True)]
    assert keys["pads_number"] == sum(both), message
    assert all(sum(pads["copied, own letters"][word]) == 20 for word in ("highh", "kingh")), message
    gradients = load("lstm_runs")["gradient"]
    logs = {name: math.log10(statistics.median(values)) for name, values in gradients.items()}
    assert keys["lstm_number"] == pytest.approx(logs["LSTM"], abs=0.1), message
    assert logs["LSTM, forget bias 3"] > -1.5 and logs["RNN"] < logs["LSTM"] - 1, message
    runs = load("luong_runs")["runs"]
    better = sum(g["aer"] < d["aer"] for g, d in zip(runs["general"], runs["dot"], strict=True))
    assert (keys["general_number"], len(runs["dot"])) == (better, 10), message
    additive = load("attention_runs")["runs"]["additive"]
    assert keys["explain_number"] == max(run["aer"] for run in additive if run["exact"] >= 0.99), message
    assert min(run["aer"] for run in additive) > 0.15, message


def test_what_speaks_for_either_side_of_a_contested_key_is_as_measured() -> None:
    """The numbers of 5.9 and 6.9 that the sentences of the classic questions quote."""

    def mean(numbers: list[float]) -> float:
        return round(statistics.mean(numbers) + 1e-9, 2)

    attention = load("attention_runs")
    assert {kind: mean([run["exact"] for run in runs]) for kind, runs in attention["runs"].items()} == {
        "additive": 0.99,
        "static": 0.39,
        "none": 0.0,
    }
    assert all(run["exact_16"] == 0 for run in attention["runs"]["static"])
    letters = {
        name: mean([shares[-1] for shares in of_seed]) for name, of_seed in load("luong_runs")["letters"].items()
    }
    long = {name.removesuffix(", long"): share for name, share in letters.items() if name.endswith("long")}
    assert long == {"reverse, attention": 1.0, "reverse, none": 0.03, "sort, attention": 0.98, "sort, none": 0.95}
    assert (letters["sort, none, short"], letters["sort, attention, short"]) == (0.07, 0.89)


def test_a_claim_is_asked_in_the_words_in_which_it_was_made(content: Content) -> None:
    texts = " ".join(" ".join(cell.source.split()) for cell in content.cells if cell.kind == "prose")
    for quiz in content.quizzes:
        if quiz.id.endswith("_verdict"):
            assert " ".join(quiz.question.split()) in texts, quiz.id


def test_the_verdicts_on_stages_08_to_10_follow_from_the_stored_runs() -> None:
    """What the sentences of the claims 13 to 20 quote, rounded as they quote it."""

    def mean(numbers: list[float]) -> float:
        return round(sum(numbers) / len(numbers) + 1e-9, 2)

    read, images, visual = load("pretraining_runs"), load("image_runs"), load("visual_runs")
    words = {way: [mean(runs["new"]) for runs in of.values()] for way, of in read["words"].items()}
    assert words == {
        "from scratch": [0.67, 0.78, 0.96],
        "frozen": [0.73, 0.77, 0.81],
        "fine-tuned, one rate": [0.65, 0.77, 0.93],
        "fine-tuned, slower encoder": [0.69, 0.79, 0.91],
    }
    frozen, tuned = read["words"]["frozen"], read["words"]["fine-tuned, slower encoder"]
    assert max(tuned["50"]["new"]) < min(frozen["50"]["new"])
    assert min(tuned["2000"]["new"]) > max(frozen["2000"]["new"]) + 0.09
    assert mean(read["read"]["single sentences"]["2000"]) == 0.69
    of_labels = {way: [mean(of[n]["new"]) for n in ("200", "2000")] for way, of in read["labels"].items()}
    assert of_labels["from scratch"] == [0.65, 0.65]
    assert of_labels["from scratch, four times the steps"] == [0.64, 0.89]
    assert of_labels["fine-tuned, slower encoder"] == [0.72, 0.87]
    assert set(read["labels"]["from scratch, four times the steps"]["200"]["own"]) == {1.0}
    masks = {
        key: [mean([run[key] for run in runs]) for runs in read["masks"].values()]
        for key in read["masks"]["MASK only"][0]
    }
    assert masks["scored without MASK"] == [0.99, 0.95]
    assert masks["fine-tuned, 2000"] == [0.92, 0.93]

    depth = {name: [mean(runs["new"]) for runs in of.values()] for name, of in images["depth"].items()}
    assert depth["plain, batch norm"][::2] == [0.64, 0.25] and depth["plain, no batch norm"][2] == 0.0
    assert depth["residual, batch norm"][:2] == [0.66, 0.81]
    maps = {
        name: {key: mean([run[key] for run in runs]) for key in ("exact", "pointing")}
        for name, runs in images["maps"].items()
    }
    assert maps["label attention"] == {"exact": 0.81, "pointing": 0.86}
    assert maps["class activation"] == {"exact": 0.64, "pointing": 0.86}
    assert maps["spatial gate"]["pointing"] == 0.19

    captions = {
        name: {key: mean([run[key] for run in runs]) for key in runs[0]} for name, runs in visual["captions"].items()
    }
    assert captions["soft attention"]["noun"] == 0.46
    assert captions["soft attention"]["noun, map of another picture"] == 0.33
    assert [captions[name]["exact"] for name in ("soft attention", "hard attention")] == [0.83, 0.34]
    finder = {name: mean([run["right"] for run in runs]) for name, runs in visual["finder"].items()}
    soft = "soft, a mean of 100 glimpses"
    assert [finder[name] for name in (soft, "one drawn look", "three drawn looks")] == [0.86, 0.74, 0.81]
    assert [finder[name] for name in ("two drawn looks", "two drawn looks, no baseline")] == [0.79, 0.77]
    cost = {name: runs[0]["multiplications"] for name, runs in visual["finder"].items()}
    assert [round(cost[soft] / cost[name]) for name in ("one drawn look", "three drawn looks")] == [20, 10]
    scatter = visual["scatter"]["after 10 epochs"]
    assert [mean([run[key] for run in scatter]) for key in ("no baseline", "baseline")] == [0.12, 0.04]


def test_the_pictures_are_what_the_key_says(content: Content) -> None:
    """Every letter's picture has what its model must leave in it, and no other picture has it."""
    import torch

    def drawn(m: torch.Tensor) -> bool:
        return set(m.flatten().tolist()) == {0.0, 1.0}

    def static(m: torch.Tensor) -> bool:
        return bool((m - m[0]).abs().max() < 1e-3)

    def equal(m: torch.Tensor) -> bool:
        return len(set(m.flatten().tolist())) == 1

    def straight(m: torch.Tensor) -> bool:
        return bool((m.argmax(dim=1).diff() == 1).all())

    def sees(m: torch.Tensor, ahead: int) -> bool:
        """The furthest position that a row sees is this far ahead of it."""
        seen = [int(row.nonzero().max()) - t for t, row in enumerate(m)]
        return max(seen[: len(m) - max(ahead, 0)]) == ahead

    signs = {
        "maps_translation": {
            "A": lambda m: not drawn(m) and not static(m) and not straight(m),
            "B": lambda m: static(m) and not equal(m),
            "C": equal,
            "D": straight,
            "E": drawn,
        },
        "maps_self": {
            "A": lambda m: sees(m, 0) and m.diagonal().min() > 0,
            "B": lambda m: sees(m, 1) and m.diagonal(1).min() > 0,
            "C": lambda m: m[:, 5:].max() == 0 and m[:, :5].min() > 0,
            "D": lambda m: m.amax(dim=1).min() > 0.95,
            "E": lambda m: (m[[0, 3, 6]] - m[0]).abs().max() < 1e-3,
        },
    }
    keys = {quiz.id: quiz.key for quiz in content.quizzes}
    for name, maps in zip(signs, load("quiz_heatmaps").values(), strict=True):
        pictures = [torch.tensor(m) for m in maps["maps"]]
        assert all((m.sum(dim=1) - 1).abs().max() < 2e-3 for m in pictures)
        for letter, sign in signs[name].items():
            assert [n for n, m in enumerate(pictures, 1) if sign(m)] == [keys[name][letter]], (name, letter)


def test_the_pictures_have_no_names() -> None:
    text = (ROOT / "datasets" / "quiz_heatmaps.json").read_text(encoding="utf-8")
    assert set(re.findall(r'"([a-z][a-z -]+)": ', text)) == {"translation", "rows", "columns", "maps", "self-attention"}


def test_measure_py_stands_beside_the_notebook() -> None:
    assert (Path(ROOT) / "solutions" / SLUG / "measure.py").is_file()
