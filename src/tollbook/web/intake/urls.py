"""The addresses of the room intake."""

from django.urls import path

from tollbook.web.intake.views import imports, sources

urlpatterns = [
    path("import", imports.imports, name="import"),
    path("import/<str:job_id>", imports.job, name="import_job"),
    path("sources", sources.sources, name="sources"),
    path("sources/export.<str:kind>", sources.sources_file, name="sources_file"),
    path("sources/rows", sources.source_rows, name="sources_rows"),
    path("sources/add", sources.add, name="add_source"),
    path("sources/<row:source_id>/start", sources.start, name="start_source"),
    path("sources/<row:source_id>/stop", sources.stop, name="stop_source"),
]
