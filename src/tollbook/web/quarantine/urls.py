"""The addresses of the room quarantine."""

from django.urls import path

from tollbook.web.quarantine.views import quarantine, release_duplicates, try_again

urlpatterns = [
    path("calls/quarantine", quarantine.quarantine, name="quarantine"),
    path("calls/quarantine/export.<str:kind>", quarantine.quarantine_file, name="quarantine_file"),
    path("calls/quarantine/<row:reject_id>", quarantine.reject, name="reject"),
    path("calls/quarantine/<row:reject_id>/dismiss", quarantine.dismiss, name="dismiss_reject"),
    path("calls/quarantine/again", try_again.try_again, name="try_again"),
    path("calls/duplicates", quarantine.duplicate_records, name="duplicates"),
    path("calls/duplicates/release", release_duplicates.release, name="release_duplicates"),
]
