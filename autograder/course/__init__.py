"""The folders of a course, and the errors that every command shares."""
