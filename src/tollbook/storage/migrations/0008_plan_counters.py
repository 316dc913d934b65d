from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("storage", "0007_fewer_indexes"),
    ]

    operations = [
        migrations.AddField(
            model_name="chargeparts",
            name="talk_us",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="counter",
            name="amount",
            field=models.TextField(blank=True, db_default="0", default="0"),
        ),
        migrations.AddField(
            model_name="counter",
            name="dirty_from_us",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="counter",
            name="latest",
            field=models.CharField(blank=True, db_default="", default="", max_length=96),
        ),
        migrations.AddField(
            model_name="counter",
            name="until_us",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddIndex(
            model_name="chargeparts",
            index=models.Index(fields=["talk_us"], name="charge_parts_in_call_order"),
        ),
        migrations.AddIndex(
            model_name="counter",
            index=models.Index(
                condition=models.Q(("dirty_from_us__isnull", False)),
                fields=["dirty_from_us"],
                name="counter_dirty",
            ),
        ),
    ]
