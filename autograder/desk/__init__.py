"""The course inside JupyterLab: the panel's server side, and the bundle of its browser side."""

from __future__ import annotations

from pathlib import Path


def options() -> list[str]:
    """What a Jupyter server is started with, so that its JupyterLab has the panel. Nothing has to be installed."""
    return [f"--LabApp.extra_labextensions_path={Path(__file__).parent / 'labextension'}"]
