"""Which known mistake is it?"""
