from django.db import migrations, models


class Migration(migrations.Migration):
    """Each index of the holds costs every decision, and most where new rows land all over it.

    Nothing looks for holds by account but the proof of the ledger, which reads them all. What looks
    for the hold of a record knows the time: first in the index, it makes new rows land together.
    """

    dependencies = [
        ("storage", "0011_recharges"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="ledgerhold", name="hold_pending"),
        migrations.RemoveIndex(model_name="ledgerhold", name="hold_without_record"),
        migrations.AddIndex(
            model_name="ledgerhold",
            index=models.Index(
                fields=["placed_us", "caller", "number"],
                name="hold_without_record",
                condition=models.Q(("call", None)),
            ),
        ),
    ]
