"""python -m labeler.embedded run | exec [--worker] [--fast] -- COMMAND…"""

import argparse
import os
import sys

from labeler.embedded import session, supervisor
from labeler.embedded.config import Config
from labeler.embedded.console import complain
from labeler.embedded.errors import EmbeddedError


def main(arguments: list[str]) -> int:
    # Everything after the first "--" belongs to the command, whatever it looks like.
    cut = arguments.index("--") if "--" in arguments else len(arguments)
    command = arguments[cut + 1 :]
    parser = _parser()
    options = parser.parse_args(arguments[:cut])
    if bool(command) != (options.act == "exec"):
        parser.error("exec takes a command after --, run takes none")
    try:
        config = Config.read(os.environ)
    except EmbeddedError as error:
        complain(str(error))
        return 2
    if options.act == "run":
        return supervisor.run(config)
    return session.execute(
        command, config, has_worker=options.worker, is_fast=options.fast
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m labeler.embedded")
    acts = parser.add_subparsers(dest="act", required=True)
    acts.add_parser("run", help="start everything and stay in the foreground")
    execute = acts.add_parser(
        "exec", help="a database and a broker for the command after --"
    )
    execute.add_argument("--worker", action="store_true", help="and a Celery worker")
    execute.add_argument(
        "--fast", action="store_true", help="a database that never waits for the disk"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
