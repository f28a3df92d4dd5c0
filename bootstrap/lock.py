"""One install at a time."""

import os

from bootstrap.base import LOCK, say


class Locked:
    """One install at a time. The lock file also says if the last install was cut off."""

    def __enter__(self):
        self.file = open(LOCK, "a+b", buffering=0)
        if not self.take(wait=False):
            say("another course.py is installing here: waiting for it to end ...")
            self.take(wait=True)
        return self

    def __exit__(self, *error):
        self.file.close()  # this frees the lock

    def take(self, wait):
        if os.name == "nt":
            import msvcrt
            import time

            while True:
                try:
                    self.file.seek(1 << 20)  # away from the text, which others may then read
                    msvcrt.locking(self.file.fileno(), msvcrt.LK_NBLCK, 1)
                    return True
                except OSError:
                    if not wait:
                        return False
                    time.sleep(0.5)
        import fcntl

        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            return False
        except OSError:  # a file system without locks
            pass
        return True

    def unfinished(self):
        self.file.seek(0)
        return bool(self.file.read())

    def mark(self, unfinished):
        self.file.truncate(0)
        if unfinished:
            self.file.write(b"installing\n")
            os.fsync(self.file.fileno())
