from django.db import migrations, models


class Migration(migrations.Migration):
    """Calls at once are counted in the index of what is under way, which is as long as they are.

    An index of their own by telephone took half of the pages that a group of decisions changes, for
    its new rows land all over it.
    """

    dependencies = [
        ("storage", "0012_hold_indexes"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="ledgerhold", name="hold_calls_now"),
        migrations.RemoveIndex(model_name="ledgerhold", name="hold_expiry"),
        migrations.AddIndex(
            model_name="ledgerhold",
            index=models.Index(
                fields=["expires_us", "extension", "account_code"],
                name="hold_under_way",
                condition=models.Q(("state", "pending")),
            ),
        ),
    ]
