"""A class of submissions → marks and pages."""
