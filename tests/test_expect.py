"""The messages that students read."""

from __future__ import annotations

import linecache
from collections import Counter, OrderedDict, defaultdict

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from autograder.lab import ExpectationError, expect


def message(source: str, **names: object) -> str:
    """Run a check cell as IPython would, and return the message of the expectation that fails."""
    filename = f"<check {abs(hash(source))}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    with pytest.raises(ExpectationError) as caught:
        exec(compile(source, filename, "exec"), {"expect": expect, "torch": torch, **names})
    return str(caught.value)


def double(x: object, twice: bool = False) -> object:
    return x * 2  # type: ignore[operator]


def test_a_message_has_call_got_expected_difference_and_cause() -> None:
    said = message("expect(double(torch.tensor([1, 2]))).equal(torch.tensor([2, 5]), hint='Add one.')", double=double)
    assert said.split("\n") == [
        "double(torch.tensor([1, 2]))",
        "  got:       tensor([2, 4])",
        "  expected:  tensor([2, 5])",
        "  first difference at [1]: got 4, expected 5 (1 of 2 differ)",
        "  likely cause: Add one.",
    ]


def test_a_variable_is_traced_to_the_call_that_made_it() -> None:
    assert message("y = double(3)\nexpect(y).equal(7)", double=double).startswith("y, from double(3)\n")
    assert message("a, b = double((1,))\nexpect(b).equal(7)", double=double).startswith("b, from double((1,))\n")
    assert message("y = double([3])\nexpect(y[0]).equal(7)", double=double).startswith("y[0], from double([3])\n")
    said = message("y = double([3])\nexpect(len(y)).equal(7)", double=double)
    assert said.startswith("len(y)\n  where y is from double([3])\n  got:")
    assert message("x = torch.ones(2)\nexpect(double(x)).shape(1)", double=double).startswith("double(x)\n  got:")
    assert message("for k in [1]:\n    expect(double(k)).equal(7)", double=double).startswith("double(k)\n")


def test_a_hidden_test_shows_no_argument() -> None:
    hidden = "### BEGIN HIDDEN TESTS\nsecret = 41\n{}\n### END HIDDEN TESTS"
    for line, words in {
        "expect(double(secret)).equal(7)": "double(…)",
        "y = double(secret)\nexpect(y).equal(7)": "y, from double(…)",
        "expect(lambda: double(secret)).raises(ValueError)": "double(…)",
        "expect(len(double([secret]))).equal(7)": "double(…)",
        "expect(double([secret])[1]).equal(7)": "double(…)",
        "expect(secret).equal(7)": "secret",
    }.items():
        said = message(hidden.format(line), double=double)
        assert said.split("\n")[0] == words
    returned = message(hidden.format("expect(double([secret, 1])).equal(7)"), double=double)
    assert "a list of 4 items" in returned
    assert "41" not in returned
    assert "41" not in message(hidden.format("expect(str(secret)).equal('q')"), double=double)
    visible = "### BEGIN HIDDEN TESTS\n### END HIDDEN TESTS\nexpect(double(41)).equal(7)"
    assert message(visible, double=double).startswith("double(41)")


def test_each_kind_of_expectation_says_what_it_wanted() -> None:
    x = torch.ones(2, 3, requires_grad=True)
    for line, got, expected in [
        ("expect(x).shape(3, 2)", "shape (2, 3)", "shape (3, 2)"),
        ("expect(x).dtype(torch.long)", "dtype torch.float32", "dtype torch.int64"),
        ("expect(None).shape(1)", "None of type NoneType", "a tensor"),
        ("expect('a').type(list)", "'a' of type str", "type list"),
        ("expect(True).type(int)", "True of type bool", "type int"),
        ("expect(0.5).at_least(0.9)", "0.5", "at least 0.9"),
        ("expect(torch.tensor(2.0)).at_most(1)", "2", "at most 1"),
        ("expect(x / 0).finite()", "6 elements that are NaN or infinite", "finite numbers"),
        ("expect(x).gradient()", "no gradient", "a gradient"),
        ("expect([]).gradient()", "no tensors", "at least one tensor"),
        ("expect(x).differs_from(x)", "the same result as before", "a different result"),
        ("expect(lambda: int('q')).raises(KeyError)", "ValueError: invalid literal", "KeyError"),
        ("expect(lambda: int('q')).raises(ValueError, mention='too long')", "ValueError", "mentions 'too long'"),
        ("expect(lambda: 5).raises(ValueError)", "no error, but 5", "ValueError"),
    ]:
        said = message(line, x=x)
        assert f"got:       {got}" in said, said
        assert expected in said.split("expected:")[1]


def test_expectations_that_hold_say_nothing_and_chain() -> None:
    x = torch.tensor([[1.0, 2.0]], requires_grad=True)
    (x * 2).sum().backward()
    expect(x).shape(1, 2).dtype(torch.float32).close(x + 1e-7).finite().gradient()
    expect(lambda: int("q")).raises(ValueError, mention="Invalid Literal")
    expect({"a": [1, (2.0, "b")]}).equal({"a": [1, (2.0, "b")]})


def test_a_blank_exercise_stays_a_blank_exercise() -> None:
    def blank() -> None:
        raise NotImplementedError("f: not written yet")

    with pytest.raises(NotImplementedError, match="f: not written yet"):
        expect(blank).raises(ValueError)


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (1, True), (True, 1), (0, False), (None, 0), ("1", 1), ([1], (1,)), ({1}, [1]), ([1, 2], [1]), ([1], [1, 2]),
        ({"a": 1}, {"a": 1, "b": 2}), ({"a": 1, "b": 2}, {"a": 1}), (float("nan"), float("nan")),
        (torch.tensor([1]), torch.tensor([1.0])), (torch.tensor([1.0]), torch.tensor([1])),
        (torch.tensor([True]), torch.tensor([1])), (torch.ones(1, 2), torch.ones(2)), (torch.ones(2), [1.0, 1.0]),
        ([1.0, 1.0], torch.ones(2)), (torch.tensor([float("nan")]), torch.tensor([float("nan")])),
        (torch.ones(2, 0), torch.ones(0, 2)), (float("inf"), 1.0), (1.0, float("inf")),
        (torch.tensor([1.0]), torch.tensor([float("inf")])), (1 + 2e-5, 1.0),
    ],
)  # fmt: skip
def test_what_is_not_equal_is_not_close_either(got: object, expected: object) -> None:
    with pytest.raises(ExpectationError):
        expect(got).close(expected, tol=1e-6)


def test_a_kind_of_dict_is_a_dict() -> None:
    class Table(dict[str, int]):
        pass

    for table in (OrderedDict(a=1, b=2), defaultdict(int, a=1, b=2), Counter("abb"), Table(a=1, b=2)):
        expect(table).type(dict).equal({"b": 2, "a": 1})
        expect([table]).equal([{"a": 1, "b": 2}])
        with pytest.raises(ExpectationError, match="first difference"):
            expect(table).equal({"a": 1, "b": 3})
        with pytest.raises(ExpectationError, match="not expected"):
            expect(table).equal({"a": 1})


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
)


@given(values)
def test_every_value_equals_itself(value: object) -> None:
    expect(value).equal(value)


@given(st.lists(st.floats(-1e3, 1e3), min_size=1), st.data())
def test_one_changed_number_is_found(numbers: list[float], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(numbers) - 1))
    changed = list(numbers)
    changed[at] += 1 + abs(changed[at])
    with pytest.raises(ExpectationError, match=rf"\[{at}\]"):
        expect(torch.tensor(changed, dtype=torch.float64)).close(torch.tensor(numbers, dtype=torch.float64))
    with pytest.raises(ExpectationError, match=rf"\[{at}\]|got"):
        expect(changed).close(numbers)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("10**76", "1e+76"), ("-(10**76)", "-1e+76"), ("1e76", "1e+76"), ("10**400", "1e+400"), ("2**63", str(2**63)),
        ("10**5000", "a very large number"), ("[10**5000]", "a list with a very large number"),
    ],
)  # fmt: skip
def test_a_number_is_shown_as_one_however_large(value: str, shown: str) -> None:
    assert f"got:       {shown}\n" in message(f"expect({value}).equal(3)")
    assert f"expected:  {shown}" in message(f"expect(3).equal({value})")
    exec(f"expect({value}).equal({value})", {"expect": expect})
    if not value.startswith("["):
        assert f"got:       {shown}\n" in message(f"expect({value}).close(0.5)")
        assert "got:       " in message(f"expect({value}).at_least(abs({value}) + 10**70)")
        hidden = message(f"### BEGIN HIDDEN TESTS\nexpect({value}).close(0.5)\n### END HIDDEN TESTS")
        assert len(hidden.split("\n")[1]) < 40 and "got:" in hidden
