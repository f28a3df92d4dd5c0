"""The course as a web site: released notebooks and documents → pages, by Sphinx. No solution, hidden test or key."""
