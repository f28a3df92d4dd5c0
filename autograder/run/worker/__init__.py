"""A warm judge and a warm sandbox that run one submission after the other."""
