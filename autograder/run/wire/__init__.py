"""Between the judge and the student's process: check cells run in the one, the student's code in the other.

In a check an exercise's name is a proxy, and a check is written as for JupyterLab. What crosses:

- by value: numbers, strings, bytes, containers of the standard library, named tuples, tensors (with their strides),
  arrays, dtypes, sizes, devices, random generators (by state), built-in exceptions. Exactly these types: a subclass
  stays over there, but for the student's own kind of dict, which comes as a dict.
- by handle: functions, classes, modules, iterators, figures … They can be called, indexed, iterated, read, written,
  compared by identity, copied, used in `with`.
- arguments come back: what a call changed in place (containers, arrays, generators, tensors and their `.grad`) is
  changed for the check, and a tensor that the student's program keeps stays shared for the rest of the check.
- gradients: `backward()` in the check runs on in the student's process and fills `.grad` of its parameters; a change of
  a parameter in the check (`copy_`, `.data`, an optimizer's step) is there with the next call. `torch.func.grad`,
  `grad_and_value` and `vjp` work over a function of the other side, not inside each other.
- the random state of torch, random and numpy.
- whether gradients are on, and the default dtype if it is float32 or float64 (`settings`).
- functions and modules of the check as arguments: called back here. Classes and functions of torch, numpy and math, and
  classes of given cells, go by name.

What does not:

- of the student's objects: `isinstance` with their classes, `inspect`, equality, order, arithmetic. They could lie.
- errors of types of their own: they come as the nearest built-in type, also where a given cell has the class.
- hooks, double backward, the history of a tensor that is no leaf and was kept in an earlier call.
- changes in place of a tensor that a call returned (other than parameters, and what buffers or `state_dict()` of the
  check's model hold); of a list or array that the student's program keeps, in a later call.
- another shape or dtype for a parameter or buffer of the check's model: that raises `ValueError`.
- random numbers that the student's function drew: the check's own stream goes on as if there had been none. So draw the
  inputs first, or seed again (with `torch.manual_seed`, `random.seed` or `np.random.seed`; the same number counts).
"""
