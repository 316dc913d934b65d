"""The addresses of extensions and their money: list, recharge, history, statistics."""

from django.urls import path

import tollbook.web.row_ids  # noqa: F401 - makes <row:...> known
from tollbook.web.views import (
    edit_holders,
    extension_forms,
    extensions,
    holder_page,
    money_settings,
    recharge,
    recharges,
    statement,
    statistics,
)

urlpatterns = [
    path("extensions", extensions.extensions, name="extensions"),
    path("extensions/export.<str:kind>", extensions.extensions_file, name="extensions_file"),
    path("extensions/add", extension_forms.add_extension, name="add_extension"),
    path("extensions/import", extension_forms.import_sheet, name="import_extensions"),
    path("extensions/recharge", recharge.recharge, name="recharge"),
    path("extensions/edit", edit_holders.edit_holders, name="edit_holders"),
    path("extensions/count-anew", edit_holders.count_anew, name="count_recharges_anew"),
    path("extensions/recharges", recharges.recharges, name="recharges"),
    path("extensions/recharges/export.<str:kind>", recharges.recharges_file, name="recharges_file"),
    path("extensions/recharges/undo", recharge.undo, name="undo_recharges"),
    path("extensions/<row:holder_id>", holder_page.extension, name="extension"),
    path("extensions/<str:kind>/<row:holder_id>", holder_page.holder, name="holder"),
    path(
        "extensions/<str:kind>/<row:holder_id>/statement",
        statement.holder_statement,
        name="statement",
    ),
    path(
        "extensions/<str:kind>/<row:holder_id>/statement.<str:file>",
        statement.holder_statement_file,
        name="statement_file",
    ),
    path("codes/<row:code_id>/statement", statement.code_statement, name="code_statement"),
    path(
        "codes/<row:code_id>/statement.<str:file>",
        statement.code_statement_file,
        name="code_statement_file",
    ),
    path("settings/money", money_settings.money_settings, name="money_settings"),
    path("statistics", statistics.statistics_page, name="statistics"),
    path("statistics/export.<str:kind>", statistics.statistics_file, name="statistics_file"),
]
