"""Every page's address."""

from django.urls import path

from frontend.views import (
    accounts,
    batches,
    change_batch,
    grid,
    home,
    imports,
    new_batch,
)

urlpatterns = [
    path("", home.home, name="home"),
    path("sign-in/", accounts.SignIn.as_view(), name="sign-in"),
    path("sign-out/", accounts.SignOut.as_view(), name="sign-out"),
    path("password/", accounts.ChangePassword.as_view(), name="change-password"),
    path("batches/<int:batch_id>/judge/", grid.grid, name="grid"),
    path("batches/<int:batch_id>/pages/", grid.own_pages, name="own-pages"),
    path("batches/<int:batch_id>/pages/<int:page_id>/", grid.own_page, name="own-page"),
    path("batches/new/", new_batch.new, name="new-batch"),
    path("batches/preview/", new_batch.preview, name="preview-batch"),
    path("batches/<int:batch_id>/rules/", change_batch.change, name="change-batch"),
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
    path("imports/", imports.imports, name="imports"),
    path("imports/<int:import_id>/", imports.show, name="import"),
]
