"""The addresses of the API. Every other address answers 404."""

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import SimpleRouter

from . import converters as converters  # registers the types of path parameters
from .docs import Docs
from .views.agreement import AgreementViewSet
from .views.assignments import AssignmentViewSet, JudgmentsView
from .views.batch_management import BatchManagementViewSet
from .views.batches import BatchViewSet
from .views.candidates import CandidatePictureViewSet, CandidateViewSet
from .views.conflicts import ConflictViewSet
from .views.entities import EntityViewSet, ImageViewSet
from .views.evaluations import EvaluationUploadViewSet, EvaluationViewSet
from .views.exports import BatchExportViewSet, ExportViewSet, ImportExportViewSet
from .views.imports import ImportUploadViewSet, ImportViewSet
from .views.invitations import InvitationViewSet
from .views.release_files import ReleaseFileViewSet
from .views.releases import ReleaseViewSet
from .views.rulings import ReportViewSet, RulingViewSet
from .views.scorers import ScorerViewSet
from .views.second_looks import SecondLookViewSet
from .views.users import MeView, TokensView, UserViewSet

app_name = "api"

router = SimpleRouter(use_regex_path=False)
router.register("users", UserViewSet, "user")
router.register("invitations", InvitationViewSet, "invitation")
router.register("entities", EntityViewSet, "entity")
router.register("images", ImageViewSet, "image")
router.register("candidates", CandidateViewSet, "candidate")
router.register("candidates", CandidatePictureViewSet, "picture")
router.register("imports", ImportUploadViewSet, "import-upload")
router.register("imports", ImportViewSet, "import")
router.register("batches", BatchViewSet, "batch")
router.register("batches", BatchManagementViewSet, "batch-management")
router.register("batches", AgreementViewSet, "agreement")
router.register("batches/<id:id>/conflicts", ConflictViewSet, "conflict")
router.register("rulings", RulingViewSet, "ruling")
router.register("reports", ReportViewSet, "report")
router.register("second-looks", SecondLookViewSet, "second-look")
router.register("assignments", AssignmentViewSet, "assignment")
router.register("scorers", ScorerViewSet, "scorer")
router.register("releases", ReleaseViewSet, "release")
router.register(
    "releases/<id:id>/evaluations", EvaluationUploadViewSet, "evaluation-upload"
)
router.register("evaluations", EvaluationViewSet, "evaluation")

# The names of files have no slash behind them.
files_router = SimpleRouter(trailing_slash=False, use_regex_path=False)
files_router.register("", ExportViewSet, "export")
files_router.register("batches", BatchExportViewSet, "batch-export")
files_router.register("imports", ImportExportViewSet, "import-export")
files_router.register("releases", ReleaseFileViewSet, "release-file")


@csrf_exempt
def not_found(request: HttpRequest, rest: str) -> HttpResponse:
    """Answer every other address under /api/ with a JSON problem, never a redirect."""
    raise Http404


urlpatterns: list[URLPattern | URLResolver] = [
    path(
        "schema/", SpectacularAPIView.as_view(authentication_classes=()), name="schema"
    ),
    path("docs/", Docs.as_view(), name="docs"),
    path("v1/tokens/", TokensView.as_view(), name="tokens"),
    path("v1/me/", MeView.as_view(), name="me"),
    path("v1/judgments/", JudgmentsView.as_view(), name="judgments"),
    path("v1/conflicts/lease/", ConflictViewSet.as_view({"post": "lease"})),
    path("v1/", include(router.urls)),
    path("v1/", include(files_router.urls)),
    re_path(r"^(?P<rest>.*)$", not_found),
]
