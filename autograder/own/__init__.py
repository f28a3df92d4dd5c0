"""One's own notebook, checked on one's own machine."""
