"""The course inside JupyterLab: the panel's server side, and the bundle of its browser side."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def options() -> list[str]:
    """What a Jupyter server is started with, so that its JupyterLab has the panel. Nothing has to be installed."""
    return [
        f"--LabApp.extra_labextensions_path={Path(__file__).parent / 'labextension'}",
        f"--ServerApp.jpserver_extensions={__name__}=True",
    ]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from autograder.desk.server import Panel

    return [{"module": "autograder.desk.server", "app": Panel}]
