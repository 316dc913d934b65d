import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Who pays a call, and two indexes by which a batch of calls asks whether anybody does."""

    dependencies = [
        ("storage", "0008_plan_counters"),
    ]

    operations = [
        migrations.CreateModel(
            name="CallPayer",
            fields=[
                (
                    "call",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="storage.call",
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="storage.account",
                    ),
                ),
            ],
            options={"db_table": "tollbook_call_payer"},
        ),
        migrations.AddIndex(
            model_name="extension",
            index=models.Index(
                condition=models.Q(("billing", True)), fields=["id"], name="extension_that_pays"
            ),
        ),
        migrations.AddIndex(
            model_name="accountcode",
            index=models.Index(
                condition=models.Q(("fee_micros__isnull", False)),
                fields=["id"],
                name="code_with_fee",
            ),
        ),
    ]
