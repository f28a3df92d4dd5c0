"""Where verdicts are made: check cells run here, beside the student's process and never inside it."""
