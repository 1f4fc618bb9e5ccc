"""The addresses of the API. What is not here does not exist: 404."""

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.views import SpectacularAPIView

from . import converters as converters  # registers what the addresses are made of
from .docs import Docs
from .views import (
    agreement,
    assignments,
    batches,
    candidates,
    conflicts,
    cutting,
    entities,
    evaluations,
    exports,
    imports,
    invitations,
    looks,
    people,
    releases,
    scorers,
)

app_name = "api"


@csrf_exempt
def nowhere(request: HttpRequest, rest: str) -> HttpResponse:
    """Everything else under /api/: a problem in JSON, with no redirect and no page."""
    raise Http404


# What is below a release.
RELEASE = [
    path("", releases.OneRelease.as_view(), name="release"),
    path("retry/", releases.RetryRelease.as_view(), name="release-retry"),
    path("changes/", releases.Changes.as_view(), name="release-changes"),
    path("truth.tsv", releases.TruthOfRelease.as_view(), name="release-truth"),
    path(
        "judgments.tsv",
        releases.JudgmentsOfRelease.as_view(),
        name="release-judgments",
    ),
    path(
        "measurement.tsv",
        releases.MeasurementOfRelease.as_view(),
        name="release-measurement",
    ),
    path(
        "evaluations/",
        evaluations.ReleaseEvaluations.as_view(),
        name="release-evaluations",
    ),
    path("key.tsv", releases.KeyOfRelease.as_view(), name="release-key"),
    path("removals.tsv", releases.RemovalsOfRelease.as_view(), name="release-removals"),
    path("datasheet.md", releases.Datasheet.as_view(), name="release-datasheet"),
    path("croissant.json", releases.Croissant.as_view(), name="release-croissant"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path(
        "schema/", SpectacularAPIView.as_view(authentication_classes=()), name="schema"
    ),
    path("docs/", Docs.as_view(), name="docs"),
    path("v1/tokens/", people.Tokens.as_view(), name="tokens"),
    path("v1/me/", people.Myself.as_view(), name="me"),
    path("v1/users/", people.Users.as_view(), name="users"),
    path("v1/users/<username:username>/", people.OneUser.as_view(), name="user"),
    path(
        "v1/users/<username:username>/password-reset/",
        people.PasswordReset.as_view(),
        name="password-reset",
    ),
    path("v1/invitations/", invitations.Invitations.as_view(), name="invitations"),
    path("v1/invitations/accept/", invitations.Acceptance.as_view(), name="acceptance"),
    path(
        "v1/invitations/<id:id>/",
        invitations.OneInvitation.as_view(),
        name="one-invitation",
    ),
    path("v1/entities/", entities.Entities.as_view(), name="entities"),
    path("v1/entities/<key:key>/", entities.OneEntity.as_view(), name="entity"),
    path(
        "v1/entities/<key:key>/representative/",
        entities.Representative.as_view(),
        name="representative",
    ),
    path("v1/images/<digest:sha256>/", entities.OneImage.as_view(), name="image"),
    path("v1/candidates/", candidates.Candidates.as_view(), name="candidates"),
    path("v1/candidates/<id:id>/", candidates.OneCandidate.as_view(), name="candidate"),
    path(
        "v1/candidates/<id:id>/history/",
        candidates.CandidateHistory.as_view(),
        name="candidate-history",
    ),
    path(
        "v1/candidates/<candidate:ref>/image/",
        candidates.CandidateImage.as_view(),
        name="candidate-image",
    ),
    path(
        "v1/candidates/<candidate:ref>/thumbnail/",
        candidates.CandidateThumbnail.as_view(),
        name="candidate-thumbnail",
    ),
    path(
        "v1/candidates/<candidate:ref>/reports/",
        candidates.CandidateReports.as_view(),
        name="candidate-reports",
    ),
    path("v1/imports/", imports.Imports.as_view(), name="imports"),
    path("v1/imports/<id:id>/", imports.OneImport.as_view(), name="import"),
    path("v1/imports/<id:id>/refused.tsv", imports.Refused.as_view(), name="refused"),
    path("v1/batches/", batches.Batches.as_view(), name="batches"),
    path("v1/batches/preview/", cutting.Preview.as_view(), name="batch-preview"),
    path("v1/batches/<id:id>/", batches.OneBatch.as_view(), name="batch"),
    path("v1/batches/<id:id>/open/", batches.OpenBatch.as_view(), name="batch-open"),
    path("v1/batches/<id:id>/close/", batches.CloseBatch.as_view(), name="batch-close"),
    path(
        "v1/batches/<id:id>/refresh/",
        batches.RefreshBatch.as_view(),
        name="batch-refresh",
    ),
    path(
        "v1/batches/<id:id>/guidelines/",
        cutting.Guidelines.as_view(),
        name="batch-guidelines",
    ),
    path(
        "v1/batches/<id:id>/judges/",
        batches.BatchJudges.as_view(),
        name="batch-judges",
    ),
    path(
        "v1/batches/<id:id>/judges/<username:username>/",
        batches.BatchJudge.as_view(),
        name="batch-judge",
    ),
    path(
        "v1/batches/<id:id>/judges/<username:username>/void/",
        batches.VoidJudgments.as_view(),
        name="batch-judge-void",
    ),
    path(
        "v1/batches/<id:id>/progress/",
        batches.BatchProgress.as_view(),
        name="batch-progress",
    ),
    path(
        "v1/batches/<id:id>/agreement/",
        agreement.Agreement.as_view(),
        name="batch-agreement",
    ),
    path(
        "v1/batches/<id:id>/reliability/",
        agreement.JudgesReliabilities.as_view(),
        name="batch-reliability",
    ),
    path(
        "v1/batches/<id:id>/conflicts/",
        conflicts.Conflicts.as_view(),
        name="conflicts",
    ),
    path(
        "v1/batches/<id:id>/conflicts/<id:candidate>/",
        conflicts.OneConflict.as_view(),
        name="conflict",
    ),
    path(
        "v1/batches/<id:id>/conflicts/<id:candidate>/put-off/",
        conflicts.PutOff.as_view(),
        name="conflict-put-off",
    ),
    path(
        "v1/batches/<id:id>/conflicts/<id:candidate>/comments/",
        conflicts.ConflictComments.as_view(),
        name="conflict-comments",
    ),
    path(
        "v1/batches/<id:id>/conflicts/<id:candidate>/second-looks/",
        conflicts.ConflictLooks.as_view(),
        name="conflict-second-looks",
    ),
    path(
        "v1/batches/<id:id>/conflicts/<id:candidate>/settled/<id:place>/",
        conflicts.ConflictSettled.as_view(),
        name="conflict-settled",
    ),
    path(
        "v1/conflicts/lease/", conflicts.LeaseConflict.as_view(), name="conflict-lease"
    ),
    path("v1/rulings/", conflicts.Rulings.as_view(), name="rulings"),
    path("v1/rulings/<id:id>/", conflicts.OneRuling.as_view(), name="ruling"),
    path("v1/reports/<id:id>/", conflicts.OneReport.as_view(), name="report"),
    path("v1/second-looks/", looks.SecondLooks.as_view(), name="second-looks"),
    path(
        "v1/second-looks/<id:id>/see/", looks.SeeLook.as_view(), name="second-look-see"
    ),
    path(
        "v1/second-looks/<id:id>/answer/",
        looks.AnswerLook.as_view(),
        name="second-look-answer",
    ),
    path("v1/batches/<id:id>/held/", batches.HeldPages.as_view(), name="batch-held"),
    path(
        "v1/batches/<id:id>/hours.tsv", exports.HoursFile.as_view(), name="batch-hours"
    ),
    path("v1/assignments/", assignments.Assignments.as_view(), name="assignments"),
    path("v1/assignments/lease/", assignments.Lease.as_view(), name="lease"),
    path(
        "v1/assignments/<id:id>/",
        assignments.OneAssignment.as_view(),
        name="assignment",
    ),
    path("v1/assignments/<id:id>/renew/", assignments.Renew.as_view(), name="renew"),
    path(
        "v1/assignments/<id:id>/release/", assignments.Release.as_view(), name="release"
    ),
    path("v1/assignments/<id:id>/submit/", assignments.Submit.as_view(), name="submit"),
    path(
        "v1/assignments/<id:id>/settled/<id:place>/",
        assignments.Settled.as_view(),
        name="settled",
    ),
    path("v1/judgments/", assignments.Judgments.as_view(), name="judgments"),
    path("v1/scorers/", scorers.Scorers.as_view(), name="scorers"),
    path("v1/scorers/<id:id>/", scorers.OneScorer.as_view(), name="scorer"),
    path("v1/scorers/<id:id>/fits/", scorers.ScorerFits.as_view(), name="scorer-fits"),
    path(
        "v1/scorers/<id:id>/failures/",
        scorers.ScorerFailures.as_view(),
        name="scorer-failures",
    ),
    path(
        "v1/scorers/<id:id>/failures/retry/",
        scorers.RetryFailures.as_view(),
        name="scorer-retry",
    ),
    path(
        "v1/scorers/<id:id>/embeddings/",
        scorers.ScorerEmbeddings.as_view(),
        name="scorer-embeddings",
    ),
    path(
        "v1/batches/<id:id>/scoring/",
        scorers.BatchScoring.as_view(),
        name="batch-scoring",
    ),
    path(
        "v1/evaluations/<id:id>/",
        evaluations.OneEvaluation.as_view(),
        name="evaluation",
    ),
    path("v1/truth.tsv", exports.TruthFile.as_view(), name="truth"),
    path("v1/judgments.tsv", exports.JudgmentsFile.as_view(), name="judgments-file"),
    path("v1/releases/", releases.Releases.as_view(), name="releases"),
    path(
        "v1/releases/preview/",
        releases.ReleasePreview.as_view(),
        name="release-preview",
    ),
    path("v1/releases/<id:id>/", include(RELEASE)),
    re_path(r"^(?P<rest>.*)$", nowhere),
]
