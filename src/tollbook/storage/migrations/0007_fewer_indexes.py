from django.db import migrations


class Migration(migrations.Migration):
    """Each index of the calls costs every stored call; the columnar copy answers for these two."""

    dependencies = [
        ("storage", "0006_money"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="call", name="call_of_extension"),
        migrations.RemoveIndex(model_name="call", name="call_of_account_code"),
    ]
