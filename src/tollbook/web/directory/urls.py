"""The addresses of the room directory."""

from django.urls import path

from tollbook.web.directory.views import (
    account_codes,
    add_extensions,
    dial_plan,
    edit_holders,
    extensions,
    money_settings,
    owners,
    settings,
)

urlpatterns = [
    path("codes", account_codes.codes, name="codes"),
    path("codes/export.<str:kind>", account_codes.codes_file, name="codes_file"),
    path("codes/add", account_codes.code, name="add_code"),
    path("codes/import", account_codes.import_file, name="import_codes"),
    path("codes/<row:code_id>", account_codes.code, name="code"),
    path("codes/<row:code_id>/delete", account_codes.delete, name="delete_code"),
    path("owners", owners.owners, name="owners"),
    path("owners/export.<str:kind>", owners.owners_file, name="owners_file"),
    path("owners/add", owners.owner, name="add_owner"),
    path("owners/<row:owner_id>", owners.owner, name="owner"),
    path("owners/<row:owner_id>/delete", owners.delete, name="delete_owner"),
    path("settings/dial-plan", dial_plan.dial_plan, name="dial_plan"),
    path("settings/dial-plan/<row:site_id>", dial_plan.dial_plan, name="dial_plan_of"),
    path("settings", settings.settings, name="settings"),
    path("extensions", extensions.extensions, name="extensions"),
    path("extensions/export.<str:kind>", extensions.extensions_file, name="extensions_file"),
    path("extensions/add", add_extensions.add_extension, name="add_extension"),
    path("extensions/import", add_extensions.import_sheet, name="import_extensions"),
    path("extensions/edit", edit_holders.edit_holders, name="edit_holders"),
    path("extensions/count-anew", edit_holders.count_anew, name="count_recharges_anew"),
    path("settings/money", money_settings.money_settings, name="money_settings"),
]
