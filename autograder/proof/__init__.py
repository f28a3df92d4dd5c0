"""The proof of the tests: right answers pass, wrong ones are caught."""
