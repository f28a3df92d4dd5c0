"""What went wrong: from the words of pip, venv or the system to a cause and what to do."""

from bootstrap.base import NEWEST, OLDEST, ROOT, dotted

CAUSES = (
    (
        ("No space left on device", "Errno 28", "Disk quota exceeded", "not enough space on the disk"),
        "the disk is full",
        "free about 4 GB (here and in the folder for temporary files, which TMPDIR names), "
        "then run the same command again",
    ),
    (
        ("CERTIFICATE_VERIFY_FAILED", "SSLCertVerificationError", "SSLError"),
        "the connection's certificate is not trusted",
        "if a proxy or a firewall stands between, name its certificate file in PIP_CERT, "
        "then run the same command again",
    ),
    (
        (
            "NewConnectionError",
            "NameResolutionError",
            "ConnectTimeout",
            "ReadTimeout",
            "Read timed out",
            "ProxyError",
            "ProtocolError",
            "Max retries exceeded",
            "name resolution",
            "Name or service not known",
            "getaddrinfo failed",
            "Network is unreachable",
            "No route to host",
            "Connection refused",
            "Connection reset by peer",
            "RemoteDisconnected",
            "IncompleteRead",
        ),
        "no network (the packages' server was not reached)",
        "check the connection (and HTTPS_PROXY, if you need a proxy), then run the same command again",
    ),
    (
        ("Permission denied", "Errno 13", "Access is denied", "Read-only file system"),
        "a file may not be written",
        "put the course in a folder of your own (or run as the owner of this one), then run the same command again",
    ),
    (
        ("No matching distribution found", "is not a supported wheel"),
        "a pinned package is not to be had for this system",
        f"the course needs Python {dotted(OLDEST)} to {dotted(NEWEST)} on 64-bit Linux or Windows, or on "
        "macOS on Apple silicon; also look at your pip settings (pip config list)",
    ),
)


def diagnose(text):
    """Cause and fix, by what pip, venv or the system said."""
    for signs, cause, fix in CAUSES:
        if any(sign.lower() in text.lower() for sign in signs):
            return cause, fix
    return "see the lines above", "read the full log; to start from nothing, delete the folder .venv"


def full_disk():
    """A line for `diagnose` when the disk is so full that the log itself may be cut."""
    import shutil

    return ["No space left on device"] if shutil.disk_usage(ROOT).free < 20_000_000 else []


def last_lines(lines, count=6):
    """The log's last lines that say something, without addresses (they may hold passwords)."""
    import re

    lines = list(dict.fromkeys(lines))
    lines = [re.sub(r"^\d{4}-\d\d-\d\dT[\d:,]+ ?", "", line).rstrip() for line in lines]
    telling = [line for line in lines if re.search(r"error|warning|errno|exception:", line, re.I)]
    lines = (telling or [line for line in lines if line])[-count:]
    lines = [re.sub(r"\w+://[^\s'\"]+", "<address>", line) for line in lines]
    lines = [re.sub(r"host='[^']*'", "host=<address>", line) for line in lines]
    return [line[:200] for line in lines]
