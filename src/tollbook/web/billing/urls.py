"""The addresses of the room billing."""

from django.urls import path

from tollbook.web.billing.views import (
    bill_past,
    correct_code,
    holder,
    recharge,
    recharges,
    statement,
)

urlpatterns = [
    path("calls/account-code", correct_code.correct_code, name="correct_code"),
    path("calls/account-code/<row:change_id>/undo", correct_code.undo_code, name="undo_code"),
    path("calls/unbilled/bill", bill_past.bill, name="bill_past"),
    path("calls/unbilled/bill/<row:run>/undo", bill_past.undo, name="undo_past"),
    path("extensions/<row:holder_id>", holder.extension, name="extension"),
    path("extensions/<str:kind>/<row:holder_id>", holder.holder, name="holder"),
    path("extensions/recharge", recharge.recharge, name="recharge"),
    path("extensions/recharges", recharges.recharges, name="recharges"),
    path("extensions/recharges/export.<str:kind>", recharges.recharges_file, name="recharges_file"),
    path("extensions/recharges/undo", recharge.undo, name="undo_recharges"),
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
]
