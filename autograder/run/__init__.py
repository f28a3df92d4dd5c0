"""Where submissions run and verdicts are made."""
