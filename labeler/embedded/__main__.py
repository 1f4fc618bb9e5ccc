"""python -m labeler.embedded run | exec [--worker] -- COMMAND…"""

import argparse
import os
import sys

from labeler.embedded import session, supervisor
from labeler.embedded.config import Config
from labeler.embedded.console import complain
from labeler.embedded.errors import EmbeddedError


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    try:
        config = Config.read(os.environ)
    except EmbeddedError as error:
        complain(str(error))
        return 2
    if options.act == "run":
        return supervisor.run(config)
    return session.execute(options.command, config, has_worker=options.worker)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m labeler.embedded")
    acts = parser.add_subparsers(dest="act", required=True)
    acts.add_parser("run", help="start everything and stay in the foreground")
    execute = acts.add_parser("exec", help="a database and a broker for one command")
    execute.add_argument("--worker", action="store_true", help="and a Celery worker")
    execute.add_argument("command", nargs="+", metavar="COMMAND")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
