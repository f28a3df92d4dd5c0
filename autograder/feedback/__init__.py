"""Pages for students and for instructors."""
