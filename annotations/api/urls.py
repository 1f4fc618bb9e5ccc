"""The addresses of the API. What is not here does not exist: 404."""

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, path, re_path
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.views import SpectacularAPIView

from . import converters as converters  # registers what the addresses are made of
from .docs import Docs
from .views import assignments, batches, candidates, entities, exports, imports, people

app_name = "api"


@csrf_exempt
def nowhere(request: HttpRequest, rest: str) -> HttpResponse:
    """Everything else under /api/: a problem in JSON, with no redirect and no page."""
    raise Http404


urlpatterns: list[URLPattern | URLResolver] = [
    path(
        "schema/", SpectacularAPIView.as_view(authentication_classes=()), name="schema"
    ),
    path("docs/", Docs.as_view(), name="docs"),
    path("v1/tokens/", people.Tokens.as_view(), name="tokens"),
    path("v1/me/", people.Myself.as_view(), name="me"),
    path("v1/users/", people.Users.as_view(), name="users"),
    path("v1/users/<username:username>/", people.OneUser.as_view(), name="user"),
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
    path("v1/batches/<id:id>/", batches.OneBatch.as_view(), name="batch"),
    path("v1/batches/<id:id>/open/", batches.OpenBatch.as_view(), name="batch-open"),
    path("v1/batches/<id:id>/close/", batches.CloseBatch.as_view(), name="batch-close"),
    path(
        "v1/batches/<id:id>/refresh/",
        batches.RefreshBatch.as_view(),
        name="batch-refresh",
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
        "v1/batches/<id:id>/progress/",
        batches.BatchProgress.as_view(),
        name="batch-progress",
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
    path("v1/truth.tsv", exports.TruthFile.as_view(), name="truth"),
    path("v1/judgments.tsv", exports.JudgmentsFile.as_view(), name="judgments-file"),
    re_path(r"^(?P<rest>.*)$", nowhere),
]
