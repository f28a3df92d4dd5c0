"""Where student code runs: a warm process in bubblewrap that forks a confined child for each submission."""
