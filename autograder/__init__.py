"""A course on sequence models that grades itself: build, verify, grade."""

import sys

__version__ = "0.1.0"

# nbformat imports jsonschema, which would make a parser of Unicode addresses (`rfc3987_syntax`): no notebook holds one
# that is checked, and it takes a second at each start. Without it, jsonschema leaves out that one kind of check.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
