"""The ledger: accounts, entries of postings that balance, balances, and holds.

Entries and postings are immutable (docs/decisions/0006). A balance is one row an account, moved in
the transaction of its postings and proven by `tollbook.storage.billing.ledger.verify_balances`; it
is never a second truth. Source: docs/algorithms/ledger.md.
"""

from django.db import models
from django.db.models import F, Q

from tollbook.storage.models.fields import RowId


class AccountKind(models.TextChoices):
    """Whose an account is."""

    EXTENSION = "extension"
    OWNER = "owner"
    DEPARTMENT = "department"
    SYSTEM = "system"


class Account(models.Model):
    """Money of one holder in one currency. `name` is the holder's id as digits, or our own word."""

    kind = models.CharField(max_length=10, choices=AccountKind.choices)
    name = models.CharField(max_length=32)
    currency = models.CharField(max_length=3)
    created_us = models.BigIntegerField()

    class Meta:
        db_table = "tollbook_account"
        constraints = (
            models.UniqueConstraint(fields=["kind", "name", "currency"], name="account_of_holder"),
            models.CheckConstraint(condition=Q(kind__in=AccountKind.values), name="account_kind"),
            models.CheckConstraint(
                condition=~Q(name="") & ~Q(currency=""), name="account_says_whose"
            ),
        )


class Balance(models.Model):
    """What an account holds, and what of it pending holds set aside; its only mutable row.

    `held_micros` counts what is set aside and is never negative.
    """

    account = models.OneToOneField(
        "storage.Account", models.PROTECT, primary_key=True, related_name="+"
    )
    balance_micros = models.BigIntegerField(default=0)
    held_micros = models.BigIntegerField(default=0)

    class Meta:
        db_table = "tollbook_balance"
        constraints = (
            models.CheckConstraint(
                condition=Q(held_micros__gte=0), name="balance_held_not_negative"
            ),
        )


class LedgerEntry(models.Model):
    """Why money moved. Immutable; `key` is whoever sent it's own, `content_hash` what it did.

    `call` is the call that it is about and `run` the re-rating that found the difference, where
    there is one. An entry is reversed at most once.
    """

    id = RowId(primary_key=True)
    key = models.CharField(max_length=160, unique=True)
    content_hash = models.CharField(max_length=64)
    kind = models.CharField(max_length=10)
    at_us = models.BigIntegerField()
    reason = models.TextField(blank=True, default="")
    reverses = models.ForeignKey(
        "storage.LedgerEntry", models.PROTECT, related_name="+", null=True, db_index=False
    )
    call = models.ForeignKey(
        "storage.Call", models.PROTECT, related_name="+", null=True, db_index=False
    )
    run = models.PositiveIntegerField(null=True)

    class Meta:
        db_table = "tollbook_entry"
        indexes = (
            models.Index(fields=["call"], name="entry_of_call", condition=Q(call__isnull=False)),
            models.Index(fields=["run", "id"], name="entry_of_run", condition=Q(run__isnull=False)),
            # Recharges are few beside charges: lists and sums of them read nothing else.
            models.Index(
                fields=["id"],
                name="entry_by_hand",
                condition=Q(kind__in=["recharge", "adjustment", "reversal"], call=None),
            ),
        )
        constraints = (
            models.UniqueConstraint(
                fields=["reverses"], name="entry_reversed_once", condition=Q(reverses__isnull=False)
            ),
            models.CheckConstraint(condition=~Q(key=""), name="entry_has_key"),
            models.CheckConstraint(
                condition=Q(kind="reversal", reverses__isnull=False)
                | (~Q(kind="reversal") & Q(reverses=None)),
                name="entry_reversal_names_entry",
            ),
        )


class LedgerPosting(models.Model):
    """One account, one signed amount. Immutable; `after_micros` is the balance it leaves."""

    id = RowId(primary_key=True)
    entry = models.ForeignKey("storage.LedgerEntry", models.PROTECT, related_name="+")
    account = models.ForeignKey("storage.Account", models.PROTECT, related_name="+", db_index=False)
    amount_micros = models.BigIntegerField()
    after_micros = models.BigIntegerField()

    class Meta:
        db_table = "tollbook_posting"
        indexes = (models.Index(fields=["account", "id"], name="posting_of_account"),)
        constraints = (
            models.CheckConstraint(condition=~Q(amount_micros=0), name="posting_of_something"),
        )


class HoldCondition(models.TextChoices):
    """Where a hold is in its life."""

    PENDING = "pending"
    CAPTURED = "captured"
    RELEASED = "released"
    EXPIRED = "expired"


class LedgerHold(models.Model):
    """Money set aside for a call before the telephone rings; it ends once.

    A capture is an entry of kind charge, which `entry` names. `switch_call_id` is what the
    switch calls the call, until its record has come and `call` is known. Every call that was
    allowed has a hold, of nothing where nobody pays: concurrent calls are counted by them.

    `answer` is the decision as it was given, `steps` and all; `limit_s` its limit. `reserved` is
    what is set aside beside money: budgets and free minutes, by key; once it has ended, what it
    used of the budgets. Both are JSON as text, empty for none: written on the way to a decision,
    and only ever read whole.
    `answered_us` and `talk_s` are what the switch told. `estimated`: settled without a record,
    to be corrected when it comes.
    """

    id = RowId(primary_key=True)
    key = models.CharField(max_length=160, unique=True)
    content_hash = models.CharField(max_length=64)
    account = models.ForeignKey("storage.Account", models.PROTECT, related_name="+", db_index=False)
    amount_micros = models.BigIntegerField()
    captured_micros = models.BigIntegerField(default=0)
    state = models.CharField(
        max_length=8, choices=HoldCondition.choices, default=HoldCondition.PENDING
    )
    placed_us = models.BigIntegerField()
    expires_us = models.BigIntegerField()
    ended_us = models.BigIntegerField(null=True)
    entry = models.ForeignKey(
        "storage.LedgerEntry", models.PROTECT, related_name="+", null=True, db_index=False
    )
    call = models.ForeignKey(
        "storage.Call", models.PROTECT, related_name="+", null=True, db_index=False
    )
    switch_call_id = models.TextField(blank=True, default="")
    pbx = models.ForeignKey(
        "storage.Pbx", models.PROTECT, related_name="+", null=True, db_index=False
    )
    extension = models.ForeignKey(
        "storage.Extension", models.PROTECT, related_name="+", null=True, db_index=False
    )
    account_code = models.ForeignKey(
        "storage.AccountCode", models.PROTECT, related_name="+", null=True, db_index=False
    )
    caller = models.CharField(max_length=64, blank=True, default="", db_default="")
    number = models.CharField(max_length=64, blank=True, default="", db_default="")
    limit_s = models.BigIntegerField(null=True)
    answer = models.TextField(blank=True, default="", db_default="")
    reserved = models.TextField(blank=True, default="", db_default="")
    answered_us = models.BigIntegerField(null=True)
    talk_s = models.BigIntegerField(null=True)
    estimated = models.BooleanField(default=False, db_default=False)

    class Meta:
        db_table = "tollbook_hold"
        indexes = (
            # A record without a switch's id looks for its hold by time, caller and number. Time
            # first: a new hold goes to the index's end, and a group of them changes few pages.
            models.Index(
                fields=["placed_us", "caller", "number"],
                name="hold_without_record",
                condition=Q(call=None),
            ),
            # What is under way, the first to expire first; calls at once are counted in it.
            models.Index(
                fields=["expires_us", "extension", "account_code"],
                name="hold_under_way",
                condition=Q(state="pending"),
            ),
            models.Index(
                fields=["switch_call_id"],
                name="hold_of_switch_call",
                condition=~Q(switch_call_id=""),
            ),
        )
        constraints = (
            models.CheckConstraint(condition=Q(state__in=HoldCondition.values), name="hold_state"),
            models.CheckConstraint(
                condition=Q(state="pending", ended_us=None)
                | (~Q(state="pending") & Q(ended_us__isnull=False)),
                name="hold_ends_once",
            ),
            models.CheckConstraint(
                condition=Q(amount_micros__gte=0)
                & Q(captured_micros__gte=0)
                & Q(captured_micros__lte=F("amount_micros"))
                & (Q(state="captured") | Q(captured_micros=0)),
                name="hold_captures_what_it_holds",
            ),
        )


class CallPayer(models.Model):
    """Who pays a call: the account of its charge, and of every difference that comes later.

    There is a row for each call that somebody pays, also for one that cost nothing or has no price
    yet: so a later price is known to be his. It moves when the call's account code is corrected,
    together with the money.
    """

    call = models.OneToOneField("storage.Call", models.PROTECT, primary_key=True, related_name="+")
    account = models.ForeignKey("storage.Account", models.PROTECT, related_name="+", db_index=False)

    class Meta:
        db_table = "tollbook_call_payer"


class BalanceSnapshot(models.Model):
    """A balance at the end of a local day, with the last posting that it counts. Immutable.

    It spares adding up what came before; it never decides: postings do.
    """

    id = RowId(primary_key=True)
    account = models.ForeignKey("storage.Account", models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    last_posting = models.BigIntegerField()
    balance_micros = models.BigIntegerField()
    taken_us = models.BigIntegerField()

    class Meta:
        db_table = "tollbook_balance_snapshot"
        constraints = (
            models.UniqueConstraint(fields=["account", "day"], name="balance_snapshot_of_day"),
        )
