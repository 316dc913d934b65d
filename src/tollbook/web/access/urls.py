"""The addresses of the room access."""

from django.urls import path

from tollbook.web.access.views import account, audit, pins, tokens, users

urlpatterns = [
    path("sign-in", account.sign_in_page, name="sign_in"),
    path("sign-out", account.sign_out, name="sign_out"),
    path("account", account.account, name="account"),
    path("account/password", account.password, name="password"),
    path("account/sessions/<row:session_id>/end", account.end_one, name="end_session"),
    path("account/sessions/end-others", account.end_others, name="end_other_sessions"),
    path("sign-in/extension", account.sign_in_extension_page, name="sign_in_extension"),
    path("users", users.users, name="users"),
    path("users/export.<str:kind>", users.users_file, name="users_file"),
    path("users/add", users.add, name="add_user"),
    path("users/roles", users.roles, name="roles"),
    path("users/<row:user_id>", users.user, name="user"),
    path("users/<row:user_id>/role", users.role, name="user_role"),
    path("users/<row:user_id>/new-password", users.new_password, name="new_user_password"),
    path("users/<row:user_id>/shut-out", users.switch, {"to": "off"}, name="shut_out_user"),
    path("users/<row:user_id>/let-in", users.switch, {"to": "on"}, name="let_in_user"),
    path("users/<row:user_id>/sign-out", users.sign_out_all, name="sign_out_user"),
    path(
        "users/<row:user_id>/sessions/<row:session_id>/end",
        users.sign_out_one,
        name="end_user_session",
    ),
    path("users/pins", pins.pins, name="pins"),
    path("users/pins/export.<str:kind>", pins.pins_file, name="pins_file"),
    path("users/pins/generate", pins.generate, name="generate_pins"),
    path("users/pins/import", pins.import_file, name="import_pins"),
    path("users/pins/<row:extension_id>", pins.pin, name="pin"),
    path("users/pins/<row:extension_id>/remove", pins.remove, name="remove_pin"),
    path("tokens", tokens.tokens, name="tokens"),
    path("tokens/export.<str:kind>", tokens.tokens_file, name="tokens_file"),
    path("tokens/add", tokens.add, name="add_token"),
    path("tokens/<row:token_id>/revoke", tokens.revoke, name="revoke_token"),
    path("audit", audit.audit, name="audit"),
    path("audit/export.<str:kind>", audit.audit_file, name="audit_file"),
    path("audit/<row:line_id>", audit.audit_line, name="audit_line"),
]
