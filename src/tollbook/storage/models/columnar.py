"""What the columnar copy of the calls holds, so that it is never trusted beyond that."""

from django.db import models
from django.db.models import Q

from tollbook.storage.models.fields import RowId


class ColumnMark(models.Model):
    """How far the copy has come; one row, absent until it was first written.

    The files hold every call up to `call_id` with its charge in force as of charge `charge_id`,
    except the calls that are in `ChangedCall`. `layout` is the form of the files and `version`
    grows with every change of the catalogue, so that a reader sees whether it changed meanwhile.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    layout = models.PositiveIntegerField()
    version = models.PositiveBigIntegerField()
    call_id = models.BigIntegerField(default=0)
    charge_id = models.BigIntegerField(default=0)

    class Meta:
        db_table = "tollbook_column_mark"
        constraints = (models.CheckConstraint(condition=Q(id=1), name="column_mark_is_one"),)


class ColumnMonth(models.Model):
    """The file in force of one month of UTC; `month` reads 202601.

    `generation` names the file, `rows` and `size` (bytes) are what it must have.
    """

    month = models.PositiveIntegerField(primary_key=True)
    generation = models.PositiveBigIntegerField()
    rows = models.PositiveBigIntegerField()
    size = models.PositiveBigIntegerField()

    class Meta:
        db_table = "tollbook_column_month"


class ChangedCall(models.Model):
    """A call that was updated or deleted since the files were written; a trigger writes this."""

    id = RowId(primary_key=True)
    call_id = models.BigIntegerField()

    class Meta:
        db_table = "tollbook_changed_call"
