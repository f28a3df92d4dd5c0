"""From a stage's text to its notebooks."""
