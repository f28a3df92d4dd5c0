"""The course inside JupyterLab: the panel's server side, and the bundle of its browser side."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def options() -> list[str]:
    """What a Jupyter server is started with, so that its JupyterLab has the panel. Nothing has to be installed.

    Opening a notebook in it leaves the file as it is (`desk.contents`).
    """
    return [
        f"--LabApp.extra_labextensions_path={Path(__file__).parent / 'labextension'}",
        f"--ServerApp.jpserver_extensions={__name__}=True",
        f"--ServerApp.contents_manager_class={__name__}.contents.Contents",
    ]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from autograder.desk.server import Panel

    return [{"module": "autograder.desk.server", "app": Panel}]
