"""The addresses of the room tariffs."""

from django.urls import path

from tollbook.web.tariffs.views import assignments, decks, rates, tariffs

urlpatterns = [
    path("tariffs", tariffs.tariffs, name="tariffs"),
    path("tariffs/export.<str:kind>", tariffs.tariffs_file, name="tariffs_file"),
    path("tariffs/upload", tariffs.upload, name="upload_tariff"),
    path("tariffs/<row:tariff_id>", tariffs.tariff, name="tariff"),
    path("tariffs/<row:tariff_id>/versions/<row:number>", tariffs.tariff, name="tariff_version"),
    path(
        "tariffs/<row:tariff_id>/versions/<row:number>/document.json",
        tariffs.document,
        name="tariff_document",
    ),
    path(
        "tariffs/<row:tariff_id>/versions/<row:number>/deck.csv",
        decks.deck_file,
        {"kind": "csv"},
        name="deck_csv",
    ),
    path(
        "tariffs/<row:tariff_id>/versions/<row:number>/deck.xlsx",
        decks.deck_file,
        {"kind": "xlsx"},
        name="deck_xlsx",
    ),
    path("tariffs/assignments", assignments.assignments, name="assignments"),
    path("tariffs/assignments/default", assignments.default, name="default_assignment"),
    path(
        "tariffs/assignments/<row:assignment_id>/up",
        assignments.move,
        {"to": "up"},
        name="move_assignment_up",
    ),
    path(
        "tariffs/assignments/<row:assignment_id>/down",
        assignments.move,
        {"to": "down"},
        name="move_assignment_down",
    ),
    path(
        "tariffs/assignments/<row:assignment_id>/remove",
        assignments.remove,
        name="remove_assignment",
    ),
    path("tariffs/new", rates.new_tariff, name="new_tariff"),
    path("tariffs/<row:tariff_id>/rates", rates.rates, name="rates"),
    path("tariffs/<row:tariff_id>/rates/add", rates.rate, name="add_rate"),
    path("tariffs/<row:tariff_id>/rates/change", rates.change_rates, name="change_rates"),
    path("tariffs/<row:tariff_id>/rates/<row:index>", rates.rate, name="rate"),
    path("decks/import", decks.import_deck, name="import_deck"),
    path("decks/<str:upload_id>", decks.deck, name="deck"),
]
