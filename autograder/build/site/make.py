"""Build the site: write what Sphinx reads, run it, look for secrets, and publish what it made."""

from __future__ import annotations

import contextlib
import filecmp
import importlib.util
import io
import json
import re
import runpy
import shutil
from collections.abc import Callable, Iterator
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import nbformat

from autograder.build.agree import leaks, strings
from autograder.build.release import as_bytes, is_as_built
from autograder.build.site import texts
from autograder.build.site.figures import Figures
from autograder.build.site.pages import page
from autograder.course.faults import CourseError, Fault
from autograder.course.files import write_whole
from autograder.course.layout import Course
from autograder.stage.model import Answer, Content
from autograder.stage.read import read_answers, read_stage

LIST = ".autograder-site"  # in a published folder: the files that this made, so that nobody else's is touched
EXTENSIONS = ["myst_nb", "sphinx.ext.mathjax", "autograder.build.site.extension"]
MATHJAX = "sphinx-mathjax-offline"  # the package that has the file below
FORMULAS = "tex-svg.js"
_WARNING = re.compile(r"^(?:(?P<place>.+?): )?WARNING: (?P<fact>.*)$")
Step = Callable[[int, int], None]


def build_site(course: Course, out: Path, figures: Figures, step: Step = lambda done, total: None) -> int:
    """Build all pages, and publish them in `out`; what did not change is not built again.

    Returns the number of pages.

    Raises:
        CourseError: where Sphinx or its parts are missing, a page would show a secret, `out` holds what somebody else
            made, or Sphinx warns. With warnings the site is published all the same.
    """
    mathjax = _parts()
    _ours(out, course)
    work = course.work / "site-work"
    try:
        written = write_source(course, work / "source", figures, step)
        warnings = _sphinx(course, work, mathjax, step)
        publish(work / "html", out)
    except BaseException:  # half a page looks to Sphinx like a whole one
        shutil.rmtree(work, ignore_errors=True)
        raise
    if warnings:
        raise CourseError(*warnings)
    return written


def write_source(course: Course, folder: Path, figures: Figures, step: Step = lambda done, total: None) -> int:
    """What Sphinx reads, laid out as the course is. Files that stay the same keep their times. Returns the pages.

    Raises:
        CourseError: where a page would show a secret; then nothing is written.
    """
    stages = course.stages(released=True)
    if not stages:
        raise CourseError(Fault("notebooks", "holds no stage.", "Build one: python3 course.py build"))
    made: dict[str, bytes] = {}
    public = set[str]()  # lines that everybody has: a stage provides what earlier ones asked for
    for stage in stages:
        released = nbformat.read(stage.released, as_version=4)
        place = stage.released.relative_to(course.root).as_posix()
        if not all(map(is_as_built, released.cells)):
            fix = f"Run: python3 course.py build {stage.slug}. It keeps that work beside the new notebook."
            raise CourseError(Fault(place, "is not as it was built: somebody has worked in it.", fix))
        solved = nbformat.read(stage.solved, as_version=4) if stage.solved.is_file() else None
        made[place] = as_bytes(page(released, solved, place))
        public.update(line for cell in released.cells for line in cell.source.split("\n"))
    pages = [name.removesuffix(".ipynb") for name in made]
    pictures = [*course.root.glob("notebooks/*/drawings/*.svg"), *course.root.glob("docs/pictures/*")]
    made |= {path.relative_to(course.root).as_posix(): path.read_bytes() for path in pictures}
    documents = {path.relative_to(course.root).as_posix(): path for path in sorted(course.root.glob("docs/*.md"))}
    kept = {*made, *documents, "index.md"}
    for name, path in documents.items():
        made[name] = texts.relinked(path.read_text(encoding="utf-8"), name, kept).encode()
    readme_path = course.root / "README.md"
    readme = texts.relinked(
        readme_path.read_text(encoding="utf-8") if readme_path.is_file() else "# Course\n", "", kept
    )
    names = [name.removesuffix(".md") for name in documents]
    known = list[tuple[Content, list[Answer]]]()
    for stage in course.stages():
        known.append((content := read_stage(stage), read_answers(stage, content)))
        step(len(known), 3 * len(stages))
    made["index.md"] = texts.front(readme, pages, names).encode()
    made["instructors.md"] = texts.instructors(
        readme, [_counts(*both) for both in known], figures.proof, figures.benchmark, _attacks(course), names
    ).encode()
    readable = {name: _text(name, data, public) for name, data in made.items() if not name.endswith(".png")}
    if found := [leak for content, answers in known for leak in leaks(readable, content, answers)]:
        raise CourseError(*(Fault(place, "would be on the site:", told) for place, told in found))
    for name, data in made.items():
        path = folder / name
        if not path.is_file() or path.read_bytes() != data:
            write_whole(path, data)
    for path in [path for path in folder.rglob("*") if path.is_file()]:
        if path.relative_to(folder).as_posix() not in made:
            path.unlink()
    return len([name for name in made if name.endswith((".md", ".ipynb"))])


def publish(html: Path, out: Path) -> None:
    """Copy what changed, and take away what this made before and does not make any more."""
    before = _listed(out)
    new = sorted(p.relative_to(html).as_posix() for p in html.rglob("*") if p.is_file() and p.name != ".buildinfo")
    write_whole(out / LIST, "\n".join(sorted({*before, *new})) + "\n")  # before the first copy: this may be interrupted
    for name in new:
        if not (out / name).is_file() or not filecmp.cmp(html / name, out / name, shallow=False):
            write_whole(out / name, (html / name).read_bytes())
    for name in before - set(new):
        (out / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # not empty
            (out / name).parent.rmdir()
    write_whole(out / LIST, "\n".join(new) + "\n")


def _listed(out: Path) -> set[str]:
    path = out / LIST
    names = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return {name for name in names if not Path(name).is_absolute() and ".." not in Path(name).parts}


def _ours(out: Path, course: Course) -> None:
    """A folder with something else in it is nobody's to overwrite."""
    if out.is_dir() and not (out / LIST).is_file() and any(out.iterdir()):
        fix = "Name a new or empty folder, or one that this command made."
        raise CourseError(Fault(course.place(out), "holds other files, and the site would mix with them.", fix))


def _counts(content: Content, answers: list[Answer]) -> list[object]:
    """A stage's row in the table of the catalogue."""
    right = sum(answer.right for answer in answers)
    exercises, questions = len(content.written), len(content.quizzes)
    return [content.stage.slug, exercises, questions, content.max_score, right, len(answers) - right]


def _attacks(course: Course) -> list[tuple[str, str, str]]:
    """What is attacked, the attack's name and what it tries; of attacks that differ in a detail, the first."""
    path = course.root / "tests" / "attacks" / "catalogue.py"
    if not path.is_file():
        return []
    found: dict[tuple[str, str], str] = {}
    for theme, attacks in runpy.run_path(str(path))["THEMES"].items():
        for attack in attacks:
            found.setdefault((theme, attack.tries), attack.name.split(":")[0])
    return [(theme, texts.plain(name), texts.plain(tries)) for (theme, tries), name in found.items()]


def _text(name: str, data: bytes, public: set[str]) -> str:
    """What a file of the site says beyond these lines."""
    text = data.decode(errors="replace")
    if name.endswith(".ipynb"):
        notebook = json.loads(text)
        for output in [output for cell in notebook["cells"] for output in cell.get("outputs", [])]:
            output.get("data", {}).pop("image/png", None)
        text = strings(notebook)
    return "\n".join(line for line in text.split("\n") if line not in public)


def _parts() -> Path:
    """The file of MathJax, where Sphinx and all that the site needs are installed.

    Raises:
        CourseError: where they are not.
    """
    if not all(importlib.util.find_spec(name) for name in ("sphinx", "myst_nb", "furo", MATHJAX)):
        fix = "Install it: .venv/bin/python -m pip install -e .[site]"
        raise CourseError(Fault("site", "needs Sphinx with myst-nb, furo and sphinx-mathjax-offline.", fix))
    spec = importlib.util.find_spec(MATHJAX)
    assert spec is not None and spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "static" / "mathjax" / FORMULAS


def _sphinx(course: Course, work: Path, mathjax: Path, step: Step) -> list[Fault]:
    """Run Sphinx; its warnings."""
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace, patch_docutils

    source, told = work / "source", io.StringIO()
    static = work / "static"
    if not (static / FORMULAS).is_file():
        static.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(mathjax, static / FORMULAS)
    with as_file(files("autograder.build.site") / "static") as own, patch_docutils(), docutils_namespace():
        app = Sphinx(
            source,
            None,
            work / "html",
            work / "doctrees",
            "html",
            confoverrides=settings(source, [str(own), str(static)]),
            status=None,
            warning=told,
        )
        _count(app, step, len(course.stages()))
        app.build()
    (work / "html" / ".nojekyll").touch()  # or GitHub's pages leave out folders whose names begin with _
    lines = re.sub(r"\x1b\[[0-9;]*m", "", told.getvalue()).replace(f"{source}/", "")
    return list(_faults(lines))


def settings(source: Path, static: list[str]) -> dict[str, Any]:
    """Sphinx's configuration."""
    readme = (source / "index.md").read_text(encoding="utf-8")
    title = readme.partition("\n")[0].lstrip("# ")
    descriptions = {
        f"notebooks/{slug}/{slug}": f"{slug.split('_')[0]}: {text}."
        for slug, text in texts.described(texts.sections(readme).get("The course", "")).items()
    }
    return {
        "project": title,
        "html_title": title,
        "extensions": EXTENSIONS,
        "language": "en",
        "html_search_language": "en_zh",
        "root_doc": "index",
        "source_suffix": {".md": "myst-nb", ".ipynb": "myst-nb"},
        "nb_execution_mode": "off",
        "myst_enable_extensions": ["dollarmath"],
        "myst_heading_anchors": 4,
        # What JupyterLab shows as text is text here, too.
        "myst_disable_syntax": ["myst_line_comment", "myst_block_break", "myst_target"],
        "highlight_language": "none",
        "suppress_warnings": ["misc.highlighting_failure"],  # in prose, code may hold an ellipsis
        "html_theme": "furo",
        "html_theme_options": {"navigation_with_keys": True},
        "html_static_path": static,
        "html_css_files": ["site.css", "play.css"],
        "html_js_files": [(name, {"defer": "defer"}) for name in ("site.js", "quiz.js", "play.js")],
        "html_favicon": f"{static[0]}/favicon.svg",
        "html_copy_source": False,
        "html_show_sourcelink": False,
        "html_show_copyright": False,
        "html_use_index": False,
        "mathjax_path": FORMULAS,
        "mathjax3_config": {"options": {"enableMenu": False}},
        "page_descriptions": {"index": title, **descriptions},
    }


def _count(app: Any, step: Step, done: int) -> None:
    """Tell `step` of each page that is read, and of each that is written, after those steps that are done."""
    total = done

    def begin(app: Any, env: Any, names: list[str]) -> None:
        nonlocal total
        total = done + 2 * len(names)

    def one(*_: Any) -> None:
        nonlocal done, total
        done += 1
        total = max(total, done)
        step(done, total)

    app.connect("env-before-read-docs", begin)
    app.connect("source-read", one)
    app.connect("html-page-context", one)


def _faults(warnings: str) -> Iterator[Fault]:
    for line in filter(None, warnings.splitlines()):
        found = _WARNING.match(line)
        yield Fault((found and found["place"]) or "site", found["fact"] if found else line, "Mend it and build again.")
