"""How much one submission may use."""

from __future__ import annotations

from dataclasses import dataclass

MB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """Hitting one is a message to the student: which limit, in which cell."""

    cell_seconds: float = 60.0  # wall time of one cell
    check_seconds: float = 20.0  # wall time of one check
    total_seconds: float = 300.0  # wall time of the whole submission
    cpu_seconds: int = 300  # processor time of one of its processes
    memory_mb: int = 2048  # beyond the warm process: each process, and where the kernel can, all together
    processes: int = 64
    open_files: int = 256
    file_mb: int = 64  # one file
    scratch_mb: int = 256  # all files; fixed when the worker starts
    output_mb: float = 1.0  # text and pictures of one cell
    value_mb: int = 64  # one argument list or result
    calls: int = 100_000
    handles: int = 50_000

    def reached(self, error: str) -> str:
        """Which limit an error of Python, the system or torch is about, in words; nothing where it is about none."""
        told = {
            f"processes and threads ({self.processes})": ("[Errno 11]", "can't start new thread"),
            f"open files ({self.open_files})": ("[Errno 24]",),
            f"the size of a file ({self.file_mb} MB)": ("[Errno 27]",),
            f"all files together ({self.scratch_mb} MB)": ("[Errno 28]",),
            f"memory ({self.memory_mb} MB)": ("MemoryError", "[Errno 12]", "DefaultCPUAllocator"),
        }
        return next((limit for limit, words in told.items() if any(word in error for word in words)), "")
