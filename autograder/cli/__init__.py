"""The command line. Each command imports what it needs, so that `autograder --help` is quick."""


def main() -> None:
    from autograder.cli import commands

    commands.main()
