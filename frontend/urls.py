"""Every page's address."""

from django.urls import path

from frontend.views import accounts, batches, entities, grid, home, imports, overview

urlpatterns = [
    path("", home.home, name="home"),
    path("overview/", overview.overview, name="overview"),
    path("sign-in/", accounts.SignIn.as_view(), name="sign-in"),
    path("sign-out/", accounts.SignOut.as_view(), name="sign-out"),
    path("password/", accounts.ChangePassword.as_view(), name="change-password"),
    path("batches/<int:batch_id>/judge/", grid.grid, name="grid"),
    path("batches/<int:batch_id>/pages/", grid.own_pages, name="own-pages"),
    path("batches/<int:batch_id>/pages/<int:page_id>/", grid.own_page, name="own-page"),
    path("batches/", batches.batches, name="batches"),
    path("batches/new/", batches.new, name="new-batch"),
    path("batches/<int:batch_id>/", batches.show, name="batch"),
    path("batches/<int:batch_id>/open/", batches.open_batch, name="open-batch"),
    path("batches/<int:batch_id>/close/", batches.close, name="close-batch"),
    path("batches/<int:batch_id>/refresh/", batches.refresh, name="refresh-batch"),
    path("batches/<int:batch_id>/judges/", batches.add_judge, name="add-judge"),
    path(
        "batches/<int:batch_id>/judges/<str:username>/remove/",
        batches.remove_judge,
        name="remove-judge",
    ),
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
]
