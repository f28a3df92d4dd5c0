"""A stage as text: read it, and find every fault in it."""
