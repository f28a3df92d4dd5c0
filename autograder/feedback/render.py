"""Fill in a page's template."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

SUBMISSION = Path(__file__).parent / "templates" / "formgrader" / "submission.html.j2"  # nbconvert's: it fills it in


def _with_code(sentence: str) -> Markup:
    """A sentence of the catalogue, escaped, with its `code` as such."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(sentence))))


def render(template: str, **values: Any) -> str:
    """Fill in one of the package's templates; what is not marked as HTML is escaped."""
    return str(_templates().get_template(template).render(**values))


@cache
def _templates() -> Any:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("autograder.feedback"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["points"] = lambda value: f"{value:.3g}"
    environment.filters["words"] = _with_code
    return environment
