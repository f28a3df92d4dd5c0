"""Marks, and nbgrader's database and folders."""
