"""From a hand-in to something that can be run."""
