"""The zero-set-up default: database, broker, workers and web server under one supervisor.

python -m labeler.embedded run                                   what `make run` calls
python -m labeler.embedded exec [--worker] [--fast] -- COMMAND   what `make test` calls

config       the environment -> what the user wants
folders      the data folder: its lock, secrets and logs; temporary folders
processes    what runs on this machine; what an earlier supervisor left behind
child        one supervised program: launch, wait until it answers, stop
postgres     PostgreSQL from a pip package, as an unprivileged user when run by root
broker       Valkey from a pip package
programs     Labeler's own programs: web server, worker, beat, management commands
supervisor   `run`: start in order, mend what dies, stop in reverse order
session      `exec`: a database and a broker for the length of one command
"""
