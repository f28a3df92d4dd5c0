"""The course as a web site: released notebooks and documents → pages, by Sphinx. No solution, no hidden test, no key."""
