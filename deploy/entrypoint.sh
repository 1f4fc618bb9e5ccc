#!/bin/sh
# One image, several processes: labeler web | worker | scoring | beat | manage COMMAND…
set -eu

# Uploads are spooled here, because a tmpfs would keep them in memory.
if [ -n "${TMPDIR:-}" ]; then mkdir -p "$TMPDIR"; fi

program="${1:-web}"
if [ "$#" -gt 0 ]; then shift; fi

case "$program" in
web)
    exec python -m gunicorn labeler.wsgi:application \
        --bind "${LABELER_BIND:-0.0.0.0:8000}" \
        --worker-class gthread \
        --workers "${LABELER_WEB_WORKERS:-2}" --threads "${LABELER_WEB_THREADS:-8}" \
        --preload --timeout 120 --graceful-timeout 10 --keep-alive 30 \
        --no-control-socket "$@"
    ;;
worker)
    exec python -m celery -A labeler worker \
        --queues "${LABELER_WORKER_QUEUES:-default,images}" \
        --concurrency "${LABELER_WORKER_PROCESSES:-2}" \
        --loglevel INFO --without-gossip --without-mingle "$@"
    ;;
scoring)
    # One process per device: its threads use every core, or one GPU.
    exec python -m celery -A labeler worker --queues scoring --concurrency 1 \
        --hostname "scoring@%h" --loglevel INFO --without-gossip --without-mingle "$@"
    ;;
beat)
    exec python -m celery -A labeler beat \
        --schedule "${LABELER_BEAT_SCHEDULE:-/tmp/beat}" --pidfile= "$@"
    ;;
manage)
    exec python manage.py "$@"
    ;;
*)
    echo "labeler: unknown program '$program'. Use web, worker, scoring, beat or manage COMMAND…" >&2
    exit 64
    ;;
esac
