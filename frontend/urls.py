"""Every page's address."""

from django.conf import settings
from django.urls import path

from frontend.views import (
    accounts,
    agreement,
    batches,
    change_batch,
    conflicts,
    entities,
    grid,
    home,
    imports,
    invitations,
    looks,
    new_batch,
    oidc,
    overview,
    people,
    reliability,
    resets,
    voiding,
)

urlpatterns = [
    path("", home.home, name="home"),
    path("overview/", overview.overview, name="overview"),
    path("sign-in/", accounts.SignIn.as_view(), name="sign-in"),
    path("sign-out/", accounts.SignOut.as_view(), name="sign-out"),
    path("password/", accounts.ChangePassword.as_view(), name="change-password"),
    path("password/forgotten/", resets.Forgotten.as_view(), name="forgotten"),
    path(
        "password/forgotten/<uidb64>/<token>/",
        resets.Reset.as_view(),
        name="reset-password",
    ),
    path("batches/<int:batch_id>/judge/", grid.grid, name="grid"),
    path("batches/<int:batch_id>/pages/", grid.own_pages, name="own-pages"),
    path("batches/<int:batch_id>/pages/<int:page_id>/", grid.own_page, name="own-page"),
    path("batches/new/", new_batch.new, name="new-batch"),
    path("batches/preview/", new_batch.preview, name="preview-batch"),
    path("batches/<int:batch_id>/rules/", change_batch.change, name="change-batch"),
    path("batches/", batches.batches, name="batches"),
    path("batches/<int:batch_id>/", batches.show, name="batch"),
    path("batches/<int:batch_id>/agreement/", agreement.agreement, name="agreement"),
    path(
        "batches/<int:batch_id>/reliability/",
        reliability.reliability,
        name="reliability",
    ),
    path("batches/<int:batch_id>/open/", batches.open_batch, name="open-batch"),
    path("batches/<int:batch_id>/close/", batches.close, name="close-batch"),
    path("batches/<int:batch_id>/refresh/", batches.refresh, name="refresh-batch"),
    path("batches/<int:batch_id>/judges/", batches.add_judge, name="add-judge"),
    path(
        "batches/<int:batch_id>/judges/<str:username>/remove/",
        batches.remove_judge,
        name="remove-judge",
    ),
    path(
        "batches/<int:batch_id>/judges/<str:username>/void/",
        voiding.void,
        name="void-judge",
    ),
    path("conflicts/", conflicts.overview, name="all-conflicts"),
    path("batches/<int:batch_id>/conflicts/", conflicts.conflicts, name="conflicts"),
    path(
        "batches/<int:batch_id>/conflicts/next/",
        conflicts.following,
        name="next-conflict",
    ),
    path(
        "batches/<int:batch_id>/conflicts/<int:candidate>/",
        conflicts.show,
        name="conflict",
    ),
    path(
        "batches/<int:batch_id>/conflicts/<int:candidate>/rule/",
        conflicts.rule,
        name="rule",
    ),
    path(
        "batches/<int:batch_id>/conflicts/<int:candidate>/put-off/",
        conflicts.put_off,
        name="put-off",
    ),
    path(
        "batches/<int:batch_id>/conflicts/<int:candidate>/comment/",
        conflicts.comment,
        name="comment",
    ),
    path(
        "batches/<int:batch_id>/conflicts/<int:candidate>/second-look/",
        conflicts.ask_again,
        name="ask-again",
    ),
    path(
        "batches/<int:batch_id>/conflicts/<int:candidate>/reports/<int:report_id>/",
        conflicts.dismiss,
        name="dismiss-report",
    ),
    path(
        "batches/<int:batch_id>/rulings/<int:ruling_id>/reopen/",
        conflicts.reopen,
        name="reopen-ruling",
    ),
    path("second-looks/", looks.looks, name="second-looks"),
    path("second-looks/<int:look_id>/", looks.look, name="second-look"),
    path("batches/<int:batch_id>/days/", batches.days, name="batch-days"),
    path("batches/<int:batch_id>/hours.tsv", batches.hours, name="hours"),
    path(
        "batches/<int:batch_id>/pages/<int:page_id>/release/",
        batches.release_page,
        name="release-page",
    ),
    path("entities/", entities.entities, name="entities"),
    path("entities/<str:key>/", entities.show, name="entity"),
    path(
        "entities/<str:key>/representative/",
        entities.choose,
        name="choose-representative",
    ),
    path("entities/<str:key>/erase/", entities.erase, name="erase-entity"),
    path(
        "entities/<str:key>/candidates/<int:candidate_id>/",
        entities.candidate,
        name="candidate",
    ),
    path("imports/", imports.imports, name="imports"),
    path("imports/<int:import_id>/", imports.show, name="import"),
    path("people/", people.people, name="people"),
    path("people/<str:username>/", people.show, name="person"),
    path("people/<str:username>/change/", people.change, name="change-person"),
    path("people/<str:username>/leave/", people.deactivate, name="deactivate"),
    path("people/<str:username>/return/", people.reactivate, name="reactivate"),
    path("people/<str:username>/reset/", people.send_reset, name="send-reset"),
    path("invitations/", invitations.invite, name="invite"),
    path(
        "invitations/<int:invitation_id>/withdraw/",
        invitations.withdraw,
        name="withdraw-invitation",
    ),
    path("invitations/<str:secret>/", invitations.accept, name="invitation"),
]

if settings.OIDC:
    urlpatterns += [
        path("oidc/sign-in/", oidc.sign_in, name="oidc-sign-in"),
        # The name and its argument are what allauth looks for.
        path(
            "oidc/callback/",
            oidc.callback,
            {"provider_id": settings.OIDC["id"]},
            name="openid_connect_callback",
        ),
    ]
