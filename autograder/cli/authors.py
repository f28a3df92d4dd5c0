"""Commands for who writes the course: build, verify, site, new."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import click

from autograder.cli.console import default_jobs, print_table, progress_bar, steps, writable
from autograder.cli.group import main
from autograder.course.faults import CourseError, Fault
from autograder.course.layout import Stage, find_course

NO_STAGE = Fault("solutions", "holds no stage.", "Make one: python3 course.py new 13_my_stage")


@main.command()
@click.argument("stages", nargs=-1, metavar="[STAGE]…")
@click.option("--check", is_flag=True, help="Write nothing; fail where a notebook is not what its text says.")
@click.option("--execute", is_flag=True, help="Also run the solved stage and save it with its plots.")
def build(stages: tuple[str, ...], check: bool, execute: bool) -> None:
    """Make the notebooks from solutions/NN_slug/notebook.py.

    \b
    autograder build                  all stages
    autograder build 03 --execute     one stage, and its solved notebook with plots
    autograder build --check          is what is committed up to date?
    """
    from autograder.build import write as builder
    from autograder.desk.bundle import fault

    chosen = find_course().stages(stages)
    if not chosen:
        raise CourseError(NO_STAGE)
    faults: list[Fault] = []
    for stage in chosen:
        try:
            if check:
                faults += builder.check(stage)
                continue
            changed, kept = builder.build(stage)
        except CourseError as error:  # the other stages are built all the same
            faults += error.faults
            continue
        click.echo(f"{stage.slug}: {'built ' + stage.place(stage.released) if changed else 'nothing to do'}")
        if kept:
            click.echo(f"{stage.slug}: somebody had worked in it; that notebook is now {stage.place(kept)}")
        if execute:
            with progress_bar() as progress:
                seconds = builder.execute(stage, steps(progress, f"run {stage.slug}"))
            click.echo(f"{stage.slug}: ran in {seconds:.0f} s, saved {stage.place(stage.solved)}")
    if check and (wrong := fault(find_course().root / "labextension")):
        faults.append(wrong)
    if faults:
        raise CourseError(*faults)
    if check:
        click.echo(f"{len(chosen)} stages are what their text says.")


@main.command()
@click.argument("stages", nargs=-1, metavar="[STAGE]…")
@click.option(
    "--seeds", default=2, show_default=True, help="Run the solution this many times, each with other random numbers."
)
@click.option("--jobs", default=default_jobs, show_default="processors", type=click.IntRange(1), help="Processes.")
@click.option(
    "--json", "json_path", type=click.Path(dir_okay=False, path_type=Path), help="Write the result here, too."
)
@click.option(
    "--mutants", is_flag=True, help="Also change the solutions mechanically, and report what no check catches."
)
@click.option("--again", is_flag=True, help="Run everything, also what is known from an earlier proof.")
def verify(stages: tuple[str, ...], seeds: int, jobs: int, json_path: Path | None, mutants: bool, again: bool) -> None:
    """Prove the tests: blank 0, solution full, every right answer accepted, every wrong one caught.

    What a check said in an earlier proof is kept: after a change, what depends on it is run, and no more.

    \b
    autograder verify                       the whole course
    autograder verify 03 --seeds 20         one stage, more seeds
    autograder verify 03 --mutants          wrong answers made by machine, too
    autograder verify --again               as on a new machine
    """
    import time

    writable(json_path)
    from autograder.build.site.figures import keep_proof
    from autograder.proof.beside import Read
    from autograder.proof.mutants import survey
    from autograder.proof.verify import LEAST_RIGHT, LEAST_WRONG, prove_all, read_texts

    course = find_course()
    chosen, texts, faults = list[Stage](), list[Read](), list[Fault]()
    for stage in course.stages(stages):
        try:
            texts.append(read_texts(stage))
            chosen.append(stage)
        except CourseError as error:  # the other stages are proven all the same
            faults += error.faults
    if not chosen and not faults:
        raise CourseError(NO_STAGE)
    start = time.perf_counter()
    with progress_bar() as progress:
        proofs = prove_all(chosen, seeds, jobs, steps(progress, "verify"), recall={} if again else None, read=texts)
        runs = [stage for stage, proof in zip(chosen, proofs, strict=True) if not proof.broken]
        surveys = survey(runs, jobs, steps(progress, "generated wrong answers")) if mutants else []
    headings = ["stage", "exercises", "blank", "solution", "right", "wrong caught", "by visible", "diagnosed"]
    rows: list[list[object]] = []
    for p in proofs:
        solution, right = f"{p.solution_score:g} of {p.max_score:g}", f"{p.accepted} of {p.right}"
        solution += f", extra {p.solution_extra:g} of {p.max_extra:g}" if p.max_extra else ""
        wrong = [f"{n} of {p.wrong} {n / max(p.wrong, 1):.0%}" for n in (p.caught, p.caught_by_visible, p.diagnosed)]
        rows.append([p.slug, p.exercises, f"{p.blank_score:g}", solution, right, *wrong])
    print_table("Proof of the tests", headings, rows)
    if surveys:
        counts: list[list[object]] = [[s.slug, s.total, s.caught, s.equivalent, len(s.survivors)] for s in surveys]
        print_table("Generated wrong answers", ["stage", "made", "caught", "right all the same", "survive"], counts)
    for proof in proofs:
        for check in proof.redundant_checks:
            fact = f'{proof.slug}: check "{check}" is redundant: others catch every wrong answer that it catches.'
            click.echo(f"{fact} Add a wrong answer that only it catches, or drop it.")
        for exercise in proof.few:
            fact = f'{proof.slug}: "{exercise}" has too few answers to be proven.'
            click.echo(f"{fact} Add some, until {LEAST_RIGHT} right ones and {LEAST_WRONG} wrong ones are there.")
        for fact in proof.alike:
            if fact not in proof.problems:
                click.echo(fact)
        for problem in proof.problems:
            click.echo(problem)
    for found in surveys:
        for fact in [*found.notes, *found.problems]:
            click.echo(fact)
    seconds = round(time.perf_counter() - start, 1)
    shown = {p.slug: p.as_json() for p in proofs}
    keep_proof(course, {p.slug: shown[p.slug] for p in proofs if not p.broken})
    if json_path:
        for found in surveys:
            shown[found.slug]["mutants"] = found.as_json()
        result = {"stages": shown, "seconds": seconds}
        json_path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    if faults:
        raise CourseError(*faults)
    if any(p.problems or p.few for p in proofs) or any(s.problems for s in surveys):
        raise SystemExit(1)
    click.echo(f"All proven in {seconds} s.")


@main.command()
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for it, in place of .course/site."
)
@click.option(
    "--proof", type=click.Path(dir_okay=False, path_type=Path), help="What `autograder verify --json` wrote elsewhere."
)
@click.option(
    "--benchmark", type=click.Path(dir_okay=False, path_type=Path), help="What benchmarks/grading.py --json wrote."
)
def site(out: Path | None, proof: Path | None, benchmark: Path | None) -> None:
    """Build a web site of the course: all stages to read, quizzes to try, a page for instructors.

    It has no solution, no hidden test and no key, and fetches nothing from elsewhere: open it from its folder, or put
    it on any web server. After a change, only what changed is built again. The page for instructors shows what `verify`
    and benchmarks/grading.py measured last in this folder.

    \b
    autograder site                         into .course/site
    autograder site --out public/
    autograder verify && autograder site    with the proof's figures
    """
    from autograder.build.site.figures import BENCHMARK, PROOF, kept_figures, read_figures
    from autograder.build.site.make import build_site

    course = find_course()
    figures = kept_figures(course)
    if proof:
        figures = replace(figures, proof=read_figures(proof, PROOF))
    if benchmark:
        figures = replace(figures, benchmark=read_figures(benchmark, BENCHMARK))
    folder = out or course.work / "site"
    with progress_bar() as progress:
        pages = build_site(course, folder, figures, steps(progress, "site"))
    index = folder / "index.html"
    click.echo(f"site        {course.place(index) if out is None else index}, {pages} pages")


@main.command()
@click.argument("slug")
def new(slug: str) -> None:
    """Make a new stage that builds and verifies, to start from.

    \b
    autograder new 13_my_stage
    """
    from autograder.stage.new import make_stage

    stage = make_stage(find_course(), slug)
    click.echo(f"made        {stage.place(stage.text)}, {stage.place(stage.answers)}")
    click.echo(f"next        python3 course.py build {slug} --execute && python3 course.py verify {slug}")
