"""What the site adds to Sphinx: a search that finds Chinese words, and a sentence for search engines on each page."""

from __future__ import annotations

import hashlib
import re
from html import escape
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish

_CHINESE = re.compile(r"[\u3400-\u9fff]+")
_LONGEST = 4  # Chinese characters of a word


class Search(SearchEnglish):
    """English, and each run of Chinese characters by all words that may be in it: the browser looks up whole terms."""

    lang = "en_zh"

    def split(self, input: str) -> list[str]:
        words = super().split(_CHINESE.sub(" ", input))
        for run in _CHINESE.findall(input):
            words += dict.fromkeys(
                [run, *(run[i : i + n] for n in range(1, _LONGEST + 1) for i in range(len(run) - n + 1))]
            )
        return words


def describe(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> None:
    """Add a page's description to its head."""
    if text := app.config.page_descriptions.get(pagename):
        context["metatags"] = f'{context.get("metatags", "")}\n<meta name="description" content="{escape(text)}" />'


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_search_language(Search)
    app.add_config_value("page_descriptions", {}, "html", [dict])
    app.connect("html-page-context", describe)
    version = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py"))))
    return {"version": version.hexdigest()[:10], "env_version": int(version.hexdigest()[:7], 16)}
