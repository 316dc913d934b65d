from django.db import migrations, models


class Migration(migrations.Migration):
    """Finds what was posted by hand without reading charges; new extensions may be billed."""

    dependencies = [
        ("storage", "0010_token_reach"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(
                condition=models.Q(
                    ("call", None), ("kind__in", ["recharge", "adjustment", "reversal"])
                ),
                fields=["id"],
                name="entry_by_hand",
            ),
        ),
        migrations.AddField(
            model_name="site",
            name="bills_new",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
