"""Where verdicts are made: check cells run here, beside the student's process and never inside it.

In a check an exercise's name is a proxy, and a check is written as for JupyterLab. What crosses:

- by value: numbers, strings, bytes, containers of the standard library, named tuples, tensors, arrays, dtypes, sizes,
  devices, random generators (by state), built-in exceptions. Exactly these types: a subclass stays over there.
- by handle: functions, classes, modules, iterators, figures … They can be called, indexed, iterated, read, written,
  compared by identity, copied, used with operators and in `with`.
- arguments come back: what a call changed in place (containers, arrays, generators, tensors and their `.grad`) is
  changed for the check, and a tensor that the student's program keeps stays shared for the rest of the check.
- gradients: `backward()` in the check runs on in the student's process and fills `.grad` of its parameters; a change of
  a parameter in the check (`copy_`, `.data`, an optimiser's step) is there with the next call.
- the random state of torch, random and numpy, and whether gradients are on.
- functions and modules of the check as arguments: called back here. Classes and functions of torch, numpy and math, and
  classes of given cells, go by name.

What does not: `isinstance` with the student's classes, `inspect`, hooks, double backward, equality of the student's
objects, changes in place of a tensor that a call returned (other than parameters), the history of a tensor that is no
leaf and was kept in an earlier call.
"""

from autograder.judge.job import Cell, CellResult, CheckResult, Job, Result

__all__ = ["Cell", "CellResult", "CheckResult", "Job", "Result"]
