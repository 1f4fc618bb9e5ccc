"""The Celery application: settings from Django, tasks from `annotations.tasks`.

It routes tasks to queues and schedules the periodic ones.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "labeler.settings")

app = Celery("labeler")
# A new application is current only in the thread that created it. A web server has several
# threads.
app.set_default()
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["annotations"])

app.conf.task_routes = {
    "annotations.tasks.continue_import": {"queue": "images"},
    "annotations.tasks.score_due": {"queue": "scoring"},
    "annotations.tasks.refit_scorer": {"queue": "scoring"},
    "annotations.tasks.make_release": {"queue": "scoring"},
}
app.conf.beat_schedule = {
    "expire-leases": {"task": "annotations.tasks.expire_leases", "schedule": 15},
    "count-batches": {"task": "annotations.tasks.count_batches", "schedule": 10},
    "clear-batches": {"task": "annotations.tasks.clear_batches", "schedule": 30},
    "mix-controls": {"task": "annotations.tasks.mix_controls", "schedule": 60},
    # Every hour, because a laptop sleeps at night. Each batch is compared once a day.
    "compare-judges": {"task": "annotations.tasks.compare_judges", "schedule": 3600},
    "report-agreement": {
        "task": "annotations.tasks.report_agreements",
        "schedule": 60,
    },
    "feed-scorers": {"task": "annotations.tasks.feed_scorers", "schedule": 10},
    "resume-imports": {"task": "annotations.tasks.resume_imports", "schedule": 20},
    "resume-releases": {"task": "annotations.tasks.resume_releases", "schedule": 20},
    "delete-expired-tokens": {
        "task": "annotations.tasks.delete_expired_tokens",
        "schedule": 3600,
    },
}
