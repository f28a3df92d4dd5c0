"""A course on sequence models that grades itself: build, verify, grade."""

__version__ = "0.1.0"
