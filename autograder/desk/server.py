"""The desk's part of a Jupyter server: seven addresses below `autograder/`, for whoever may use the server."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.extension.application import ExtensionApp
from tornado import web

from autograder.course.faults import CourseError

if TYPE_CHECKING:
    from autograder.desk.session import Session


class _Handler(APIHandler):
    auth_resource = "contents"

    def initialize(self, panel: Panel) -> None:
        self.panel = panel

    async def answer(self, what: Callable[[Session], dict[str, Any]]) -> None:
        """What this gives, made in another thread; or in `refused` place, fact and fix.

        That is no HTTP error: a browser would complain of one in its console, and this is for the panel to say.
        """
        try:
            told = await asyncio.to_thread(lambda: what(self.panel.session()))
        except CourseError as error:
            told = {"refused": asdict(error.faults[0])}
        self.finish(json.dumps(told))

    def body(self, *names: str) -> list[str]:
        """These texts of a request."""
        told = self.get_json_body()
        if not isinstance(told, dict) or not all(isinstance(told.get(name), str) for name in names):
            raise web.HTTPError(400, f"The request must name {' and '.join(names)}.")
        return [told[name] for name in names]


class CourseHandler(_Handler):
    @web.authenticated
    @authorized
    async def get(self) -> None:
        await self.answer(lambda session: session.overview())


class NotebookHandler(_Handler):
    @web.authenticated
    @authorized
    async def get(self) -> None:
        path = self.get_query_argument("path")
        await self.answer(lambda session: session.look(path))


class ActionHandler(_Handler):
    """Check, stop."""

    @web.authenticated
    @authorized
    async def post(self, action: str) -> None:
        (path,) = self.body("path")
        await self.answer(lambda session: session.check(path) if action == "check" else session.stop(path))


class ExerciseHandler(_Handler):
    """The next hint, the solution."""

    @web.authenticated
    @authorized
    async def post(self, action: str) -> None:
        path, exercise = self.body("path", "exercise")
        await self.answer(
            lambda session: session.hint(path, exercise) if action == "hint" else session.solution(path, exercise)
        )


class QuizHandler(_Handler):
    """The forms of a notebook's questions, from its cells as they are in the browser now."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        from autograder.desk.quizzes import cells, forms

        try:
            given = cells(self.get_json_body())
        except ValueError as error:
            raise web.HTTPError(400, str(error)) from None
        found = await asyncio.to_thread(forms, given)
        self.finish(json.dumps({"forms": [asdict(form) for form in found]}))


def _has_exchange(lister: Any) -> bool:
    """Is nbgrader's assignment list at work in this server, and the exchange that it would look into there?"""
    if lister is None:
        return False
    from nbgrader.exchange.default import Exchange

    return Path(Exchange(config=lister.load_config()).root).is_dir()


class Panel(ExtensionApp):
    """The extension. Nothing is read, imported or started before somebody opens the panel."""

    name = "autograder_desk"
    load_other_extensions = True

    def initialize_handlers(self) -> None:
        self._session: Session | None = None
        self._making = threading.Lock()
        told = {"panel": self}
        self.handlers.extend(
            [
                (r"/autograder/course", CourseHandler, told),
                (r"/autograder/notebook", NotebookHandler, told),
                (r"/autograder/(check|stop)", ActionHandler, told),
                (r"/autograder/(hint|solution)", ExerciseHandler, told),
                (r"/autograder/quiz", QuizHandler, told),
            ]
        )

    def session(self) -> Session:
        """The one of this server, made when it is first asked for."""
        from autograder.desk.session import Session

        with self._making:
            if self._session is None and self.serverapp is not None:
                lister = self.serverapp.web_app.settings.get("assignment_list_manager")
                self._session = Session(Path(self.serverapp.root_dir), _has_exchange(lister))
            assert self._session is not None
            return self._session

    async def stop_extension(self) -> None:
        if self._session is not None:
            await asyncio.to_thread(self._session.close)
