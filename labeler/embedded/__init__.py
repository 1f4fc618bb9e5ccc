"""Database, broker, workers and web server under one supervisor, without any set-up.

python -m labeler.embedded run                                   called by `make run`
python -m labeler.embedded exec [--worker] [--fast] -- COMMAND   called by `make test`

config       reads the environment variables
folders      the data folder (lock, secrets, logs) and temporary folders
processes    the processes of this machine, and leftovers of a killed supervisor
child        one supervised program: launch it, wait until it answers, stop it
postgres     PostgreSQL from a pip package, as an unprivileged user if root starts it
broker       Valkey from a pip package
programs     Labeler's own programs: web server, worker, beat, management commands
crew         several programs: start in order, restart after a crash, stop in reverse
supervisor   `run`: everything in the foreground
session      `exec`: a database and a broker while one command runs

This package imports nothing else of Labeler and no framework: it starts Labeler's
programs by their command lines. An import contract checks that (pyproject.toml).
"""
