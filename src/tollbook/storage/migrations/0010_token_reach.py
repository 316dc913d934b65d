import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Tokens that see only what one owner or one extension would."""

    dependencies = [
        ("storage", "0009_call_payer"),
    ]

    operations = [
        migrations.AddField(
            model_name="apitoken",
            name="owner",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.owner",
            ),
        ),
        migrations.AddField(
            model_name="apitoken",
            name="extension",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.extension",
            ),
        ),
    ]
