"""The Celery application: settings come from Django, tasks from `annotations.tasks`.

Which task goes to which queue, and which comes back when, stands here.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "labeler.settings")

app = Celery("labeler")
# A new application is current in the thread that made it; a web server has others.
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
    # Looks every hour which batches were not compared today: a laptop sleeps at night.
    "compare-judges": {"task": "annotations.tasks.compare_judges", "schedule": 3600},
    "report-agreement": {
        "task": "annotations.tasks.report_agreements",
        "schedule": 60,
    },
    "feed-scorers": {"task": "annotations.tasks.feed_scorers", "schedule": 10},
    "resume-imports": {"task": "annotations.tasks.resume_imports", "schedule": 20},
    "resume-releases": {"task": "annotations.tasks.resume_releases", "schedule": 20},
    "forget-old-tokens": {"task": "annotations.tasks.forget_tokens", "schedule": 3600},
}
