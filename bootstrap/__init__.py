"""What course.py is made of: it makes `.venv` and keeps it up to date.

Standard library only, and in syntax that old Pythons read: they get a clear message.
"""
