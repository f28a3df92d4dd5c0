"""Files as JupyterLab sees them: opening a notebook does not change it."""

from __future__ import annotations

from typing import Any

from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager

ON_DISK = {"name": "python"}  # as `build` writes it: which version of Python a kernel has is nothing of the notebook's


class Contents(AsyncLargeFileManager):
    """JupyterLab writes into a notebook which Python its kernel is, and would then ask to save what nobody changed.

    So it gets that with the notebook, and the file keeps what `build` wrote.
    """

    async def get(self, path: str, *words: Any, **named: Any) -> Any:
        model = await super().get(path, *words, **named)
        if (metadata := _metadata(model)) is not None and metadata.get("language_info") == ON_DISK:
            from ipykernel.ipkernel import IPythonKernel

            metadata["language_info"] = dict(IPythonKernel.language_info)
        return model

    async def save(self, model: dict[str, Any], path: str = "") -> Any:
        metadata = _metadata(model)
        if metadata is not None and metadata.get("language_info", {}).get("name") == ON_DISK["name"]:
            metadata["language_info"] = dict(ON_DISK)
        return await super().save(model, path)


def _metadata(model: dict[str, Any]) -> dict[str, Any] | None:
    """Of a notebook that comes with its content; None for all else."""
    if model.get("type") != "notebook" or not isinstance(content := model.get("content"), dict):
        return None
    metadata = content.get("metadata")
    return metadata if isinstance(metadata, dict) else None
