"""python -m labeler.embedded run | exec [--worker] [--fast] -- COMMAND…"""

import argparse
import os
import sys

from labeler.embedded import session, supervisor
from labeler.embedded.config import Config
from labeler.embedded.console import complain
from labeler.embedded.errors import EmbeddedError


def main(arguments: list[str]) -> int:
    """Run one of the two subcommands. Return the exit code."""
    # Everything after the first "--" belongs to the command, even other options.
    separator = arguments.index("--") if "--" in arguments else len(arguments)
    command = arguments[separator + 1 :]
    parser = _parser()
    options = parser.parse_args(arguments[:separator])
    if bool(command) != (options.subcommand == "exec"):
        parser.error("exec takes a command after --, run takes none")
    try:
        config = Config.read(os.environ)
    except EmbeddedError as error:
        complain(str(error))
        return 2
    if options.subcommand == "run":
        return supervisor.run(config)
    return session.execute(
        command, config, has_worker=options.worker, is_fast=options.fast
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m labeler.embedded")
    subcommands = parser.add_subparsers(dest="subcommand", required=True)
    subcommands.add_parser("run", help="start everything and stay in the foreground")
    execute = subcommands.add_parser(
        "exec", help="run the command after -- with a database and a broker"
    )
    execute.add_argument(
        "--worker", action="store_true", help="also start Celery workers"
    )
    execute.add_argument(
        "--fast",
        action="store_true",
        help="use a database that never waits for the disk",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
