"""The addresses of the room policies."""

from django.urls import path

from tollbook.web.policies.views import budgets, classes, guards

urlpatterns = [
    path("policies/classes", classes.classes, name="classes"),
    path("policies/classes/add", classes.service_class, name="add_class"),
    path("policies/classes/<row:class_id>", classes.service_class, name="service_class"),
    path("policies/classes/<row:class_id>/delete", classes.delete, name="delete_class"),
    path("policies/budgets", budgets.budgets, name="budgets"),
    path("policies/budgets/export.<str:kind>", budgets.budgets_file, name="budgets_file"),
    path("policies/budgets/add", budgets.budget, name="add_budget"),
    path("policies/budgets/<row:budget_id>", budgets.budget, name="budget"),
    path("policies/guards", guards.guards, name="guards"),
    path("policies/guards/add", guards.guard, name="add_guard"),
    path("policies/guards/<row:guard_id>", guards.guard, name="guard"),
    path("policies/alarms", guards.alarms, name="alarms"),
    path("policies/alarms/export.<str:kind>", guards.alarms_file, name="alarms_file"),
    path("policies/alarms/seen", guards.see, name="see_alarms"),
    path("policies/alarms/<row:alarm_id>/lift", guards.lift_one, name="lift_alarm"),
]
