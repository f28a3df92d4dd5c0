"""Where student code runs: a warm process in bubblewrap that forks a confined child for each submission."""

from autograder.sandbox.bwrap import available
from autograder.sandbox.limits import Limits
from autograder.sandbox.worker import SandboxMissing, Worker

__all__ = ["Limits", "SandboxMissing", "Worker", "available"]
