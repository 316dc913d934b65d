import django.db.models.deletion
import tollbook.storage.models.fields
import tollbook.storage.models.policies
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """All tables of the first version.

    It is not called 0001_initial: databases from before the first version begin with one of that
    name, and by it a start knows and refuses them.
    """

    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Account",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("extension", "Extension"),
                            ("owner", "Owner"),
                            ("department", "Department"),
                            ("system", "System"),
                        ],
                        max_length=10,
                    ),
                ),
                ("name", models.CharField(max_length=32)),
                ("currency", models.CharField(max_length=3)),
                ("created_us", models.BigIntegerField()),
            ],
            options={
                "db_table": "tollbook_account",
            },
        ),
        migrations.CreateModel(
            name="AccountCode",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=64, unique=True)),
                ("description", models.TextField(blank=True, default="")),
                ("active", models.BooleanField(default=True)),
                ("restrict", models.BooleanField(db_default=False, default=False)),
                ("minimum", models.PositiveSmallIntegerField(db_default=0, default=0)),
                ("maximum", models.PositiveSmallIntegerField(db_default=0, default=0)),
                ("blocked", models.TextField(blank=True, db_default="", default="")),
                ("allowed", models.TextField(blank=True, db_default="", default="")),
                ("fee_micros", models.BigIntegerField(null=True)),
                ("fee_unit_s", models.PositiveIntegerField(db_default=360, default=360)),
            ],
            options={
                "db_table": "tollbook_account_code",
            },
        ),
        migrations.CreateModel(
            name="AccountCodeNumber",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField()),
                ("number", models.CharField(max_length=64)),
                ("label", models.CharField(blank=True, default="", max_length=120)),
            ],
            options={
                "db_table": "tollbook_account_code_number",
            },
        ),
        migrations.CreateModel(
            name="Alarm",
            fields=[
                ("id", tollbook.storage.models.fields.RowId(primary_key=True, serialize=False)),
                ("key", models.CharField(max_length=200, unique=True)),
                ("kind", models.CharField(max_length=24)),
                ("at_us", models.BigIntegerField()),
                ("message", models.TextField()),
                ("details", models.JSONField(default=dict)),
                ("closes", models.BooleanField(default=False)),
                ("seen_us", models.BigIntegerField(null=True)),
                ("seen_by", models.CharField(blank=True, default="", max_length=150)),
                ("lifted_us", models.BigIntegerField(null=True)),
                ("lifted_by", models.CharField(blank=True, default="", max_length=150)),
            ],
            options={
                "db_table": "tollbook_alarm",
            },
        ),
        migrations.CreateModel(
            name="ApiToken",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120, unique=True)),
                ("sha256", models.CharField(max_length=64, unique=True)),
                ("scopes", models.JSONField(default=list)),
                ("created_us", models.BigIntegerField()),
                ("created_by", models.TextField(blank=True, default="")),
                ("last_used_us", models.BigIntegerField(null=True)),
                ("expires_us", models.BigIntegerField(null=True)),
                ("revoked_us", models.BigIntegerField(null=True)),
            ],
            options={
                "db_table": "tollbook_api_token",
            },
        ),
        migrations.CreateModel(
            name="AuditLog",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at_us", models.BigIntegerField()),
                ("actor", models.CharField(max_length=150)),
                ("action", models.CharField(max_length=64)),
                ("object_type", models.CharField(max_length=64)),
                ("object_id", models.CharField(blank=True, default="", max_length=64)),
                ("before", models.TextField(default="null")),
                ("after", models.TextField(default="null")),
                ("address", models.CharField(blank=True, default="", max_length=64)),
            ],
            options={
                "db_table": "tollbook_audit_log",
            },
        ),
        migrations.CreateModel(
            name="BalanceSnapshot",
            fields=[
                ("id", tollbook.storage.models.fields.RowId(primary_key=True, serialize=False)),
                ("day", models.DateField()),
                ("last_posting", models.BigIntegerField()),
                ("balance_micros", models.BigIntegerField()),
                ("taken_us", models.BigIntegerField()),
            ],
            options={
                "db_table": "tollbook_balance_snapshot",
            },
        ),
        migrations.CreateModel(
            name="Budget",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("extension", "Extension"),
                            ("department", "Department"),
                            ("owner", "Owner"),
                        ],
                        max_length=10,
                    ),
                ),
                ("holder", models.BigIntegerField()),
                ("every", models.CharField(default="month", max_length=5)),
                ("limit_micros", models.BigIntegerField(null=True)),
                ("limit_s", models.BigIntegerField(null=True)),
                ("currency", models.CharField(max_length=3)),
                ("zone", models.CharField(max_length=64)),
                (
                    "warn_at",
                    models.JSONField(default=tollbook.storage.models.policies.usual_shares),
                ),
                ("active", models.BooleanField(default=True)),
                ("created_us", models.BigIntegerField()),
            ],
            options={
                "db_table": "tollbook_budget",
            },
        ),
        migrations.CreateModel(
            name="BudgetUse",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("from_us", models.BigIntegerField()),
                ("used_micros", models.BigIntegerField(default=0)),
                ("used_s", models.BigIntegerField(default=0)),
                ("held_micros", models.BigIntegerField(default=0)),
                ("held_s", models.BigIntegerField(default=0)),
                ("warned", models.PositiveSmallIntegerField(default=0)),
                ("closed_us", models.BigIntegerField(null=True)),
            ],
            options={
                "db_table": "tollbook_budget_use",
            },
        ),
        migrations.CreateModel(
            name="Call",
            fields=[
                ("id", tollbook.storage.models.fields.RowId(primary_key=True, serialize=False)),
                ("received_us", models.BigIntegerField()),
                ("begin_us", models.BigIntegerField()),
                ("start_us", models.BigIntegerField(null=True)),
                ("answer_us", models.BigIntegerField(null=True)),
                ("end_us", models.BigIntegerField(null=True)),
                ("ring_ms", models.BigIntegerField(null=True)),
                ("talk_ms", models.BigIntegerField(null=True)),
                ("answered", models.BooleanField(null=True)),
                (
                    "direction",
                    models.SmallIntegerField(
                        choices=[
                            (0, "Unknown"),
                            (1, "In"),
                            (2, "Out"),
                            (3, "Internal"),
                            (4, "Transit"),
                        ],
                        default=0,
                    ),
                ),
                ("caller", models.TextField(blank=True, default="")),
                ("caller_name", models.TextField(blank=True, default="")),
                ("dialled", models.TextField(blank=True, default="")),
                ("callee", models.TextField(blank=True, default="")),
                ("callee_name", models.TextField(blank=True, default="")),
                ("destination", models.TextField(blank=True, default="")),
                ("call_type", models.TextField(blank=True, default="")),
                ("account_code", models.TextField(blank=True, default="")),
                ("authorisation_code", models.TextField(blank=True, default="")),
                ("pbx_call_id", models.TextField(blank=True, default="")),
                ("source_ip", models.TextField(blank=True, default="")),
                ("pulses", models.PositiveIntegerField(null=True)),
                ("partial", models.BooleanField(default=False)),
                ("legs_count", models.SmallIntegerField(default=1)),
                ("dedupe_hash", models.BigIntegerField()),
            ],
            options={
                "db_table": "tollbook_call",
            },
        ),
        migrations.CreateModel(
            name="CallRecord",
            fields=[
                ("id", tollbook.storage.models.fields.RowId(primary_key=True, serialize=False)),
            ],
            options={
                "db_table": "tollbook_call_record",
            },
        ),
        migrations.CreateModel(
            name="CarrierMapping",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("carrier", models.CharField(max_length=120, unique=True)),
                ("mapping", models.JSONField()),
                ("changed_us", models.BigIntegerField()),
            ],
            options={
                "db_table": "tollbook_carrier_mapping",
            },
        ),
        migrations.CreateModel(
            name="ChangedCall",
            fields=[
                ("id", tollbook.storage.models.fields.RowId(primary_key=True, serialize=False)),
                ("call_id", models.BigIntegerField()),
            ],
            options={
                "db_table": "tollbook_changed_call",
            },
        ),
        migrations.CreateModel(
            name="Charge",
            fields=[
                ("id", tollbook.storage.models.fields.RowId(primary_key=True, serialize=False)),
                ("run", models.PositiveIntegerField(default=0)),
                (
                    "kind",
                    models.CharField(
                        choices=[("charge", "Charge"), ("cost", "Cost")],
                        default="charge",
                        max_length=6,
                    ),
                ),
                ("rate_index", models.PositiveIntegerField(null=True)),
                ("prefix", models.CharField(blank=True, default="", max_length=32)),
                ("band", models.CharField(blank=True, default="", max_length=64)),
                ("billed_s", models.BigIntegerField(default=0)),
                ("amount_micros", models.BigIntegerField(null=True)),
                ("currency", models.CharField(blank=True, default="", max_length=3)),
                ("unrated_reason", models.CharField(blank=True, default="", max_length=64)),
            ],
            options={
                "db_table": "tollbook_charge",
            },
        ),
        migrations.CreateModel(
            name="ChargeParts",
            fields=[
                ("id", tollbook.storage.models.fields.RowId(primary_key=True, serialize=False)),
                ("parts", models.TextField()),
                ("effects", models.TextField(blank=True, default="")),
                ("tax_micros", models.BigIntegerField(default=0)),
                ("original_micros", models.BigIntegerField(null=True)),
                ("original_currency", models.CharField(blank=True, default="", max_length=3)),
                ("rate", models.CharField(blank=True, default="", max_length=40)),
                ("rate_day", models.DateField(null=True)),
                ("talk_us", models.BigIntegerField(null=True)),
            ],
            options={
                "db_table": "tollbook_charge_parts",
            },
        ),
        migrations.CreateModel(
            name="CodeChange",
            fields=[
                ("id", tollbook.storage.models.fields.RowId(primary_key=True, serialize=False)),
                ("at_us", models.BigIntegerField()),
                ("by", models.CharField(max_length=150)),
                ("reason", models.TextField(blank=True, default="")),
            ],
            options={
                "db_table": "tollbook_code_change",
            },
        ),
        migrations.CreateModel(
            name="ColumnMark",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("layout", models.PositiveIntegerField()),
                ("version", models.PositiveBigIntegerField()),
                ("call_id", models.BigIntegerField(default=0)),
                ("charge_id", models.BigIntegerField(default=0)),
            ],
            options={
                "db_table": "tollbook_column_mark",
            },
        ),
        migrations.CreateModel(
            name="ColumnMonth",
            fields=[
                ("month", models.PositiveIntegerField(primary_key=True, serialize=False)),
                ("generation", models.PositiveBigIntegerField()),
                ("rows", models.PositiveBigIntegerField()),
                ("size", models.PositiveBigIntegerField()),
            ],
            options={
                "db_table": "tollbook_column_month",
            },
        ),
        migrations.CreateModel(
            name="Counter",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=255, unique=True)),
                ("seconds", models.BigIntegerField(default=0)),
                ("micros", models.BigIntegerField(default=0)),
                ("held_s", models.BigIntegerField(default=0)),
                ("amount", models.TextField(blank=True, db_default="0", default="0")),
                ("until_us", models.BigIntegerField(null=True)),
                ("latest", models.CharField(blank=True, db_default="", default="", max_length=96)),
                ("dirty_from_us", models.BigIntegerField(null=True)),
            ],
            options={
                "db_table": "tollbook_counter",
            },
        ),
        migrations.CreateModel(
            name="Department",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("billing", models.BooleanField(db_default=False, default=False)),
                (
                    "payment_type",
                    models.CharField(
                        choices=[("prepaid", "Prepaid"), ("postpaid", "Postpaid")],
                        db_default="prepaid",
                        default="prepaid",
                        max_length=8,
                    ),
                ),
                ("credit_micros", models.BigIntegerField(db_default=0, default=0)),
                ("locked", models.BooleanField(db_default=False, default=False)),
                ("recharged_since_us", models.BigIntegerField(null=True)),
                ("call_limit_micros", models.BigIntegerField(null=True)),
                ("call_limit_s", models.PositiveIntegerField(null=True)),
                ("floor_micros", models.BigIntegerField(null=True)),
                ("concurrent_limit", models.PositiveIntegerField(null=True)),
                ("name", models.CharField(max_length=120)),
            ],
            options={
                "db_table": "tollbook_department",
            },
        ),
        migrations.CreateModel(
            name="Duplicate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("received_us", models.BigIntegerField()),
                ("released_us", models.BigIntegerField(null=True)),
                ("released_by", models.TextField(blank=True, db_default="", default="")),
            ],
            options={
                "db_table": "tollbook_duplicate",
            },
        ),
        migrations.CreateModel(
            name="ExchangeRate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("source", models.CharField(max_length=3)),
                ("target", models.CharField(max_length=3)),
                ("day", models.DateField()),
                ("rate", models.CharField(max_length=40)),
                ("origin", models.CharField(max_length=8)),
                ("created_us", models.BigIntegerField()),
                ("created_by", models.TextField(blank=True, default="")),
            ],
            options={
                "db_table": "tollbook_exchange_rate",
            },
        ),
        migrations.CreateModel(
            name="Extension",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("billing", models.BooleanField(db_default=False, default=False)),
                (
                    "payment_type",
                    models.CharField(
                        choices=[("prepaid", "Prepaid"), ("postpaid", "Postpaid")],
                        db_default="prepaid",
                        default="prepaid",
                        max_length=8,
                    ),
                ),
                ("credit_micros", models.BigIntegerField(db_default=0, default=0)),
                ("locked", models.BooleanField(db_default=False, default=False)),
                ("recharged_since_us", models.BigIntegerField(null=True)),
                ("call_limit_micros", models.BigIntegerField(null=True)),
                ("call_limit_s", models.PositiveIntegerField(null=True)),
                ("floor_micros", models.BigIntegerField(null=True)),
                ("concurrent_limit", models.PositiveIntegerField(null=True)),
                ("number", models.CharField(max_length=64)),
                ("name", models.CharField(blank=True, default="", max_length=120)),
                ("email", models.CharField(blank=True, default="", max_length=254)),
                ("active", models.BooleanField(default=True)),
                (
                    "caller_id",
                    models.CharField(blank=True, db_default="", default="", max_length=64),
                ),
                ("code_exempt", models.BooleanField(db_default=False, default=False)),
            ],
            options={
                "db_table": "tollbook_extension",
            },
        ),
        migrations.CreateModel(
            name="Fee",
            fields=[
                ("id", tollbook.storage.models.fields.RowId(primary_key=True, serialize=False)),
                ("run", models.PositiveIntegerField(default=0)),
                ("hourly_micros", models.BigIntegerField()),
                ("unit_s", models.PositiveIntegerField()),
                ("units", models.PositiveBigIntegerField()),
                ("amount_micros", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
            ],
            options={
                "db_table": "tollbook_fee",
            },
        ),
        migrations.CreateModel(
            name="FraudGuard",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("calls", "Calls"),
                            ("spend", "Spend"),
                            ("new", "New Destination"),
                        ],
                        max_length=5,
                    ),
                ),
                ("threshold", models.BigIntegerField()),
                ("window_s", models.PositiveIntegerField(default=60)),
                ("hours", models.JSONField(default=list)),
                ("closes", models.BooleanField(default=False)),
                ("active", models.BooleanField(default=True)),
            ],
            options={
                "db_table": "tollbook_fraud_guard",
            },
        ),
        migrations.CreateModel(
            name="IdempotentAnswer",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.CharField(max_length=160)),
                ("content_hash", models.CharField(max_length=64)),
                ("status", models.PositiveSmallIntegerField()),
                ("body", models.TextField()),
                ("at_us", models.BigIntegerField()),
            ],
            options={
                "db_table": "tollbook_idempotent_answer",
            },
        ),
        migrations.CreateModel(
            name="ImportFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.TextField()),
                ("size", models.PositiveBigIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("format", models.CharField(max_length=64)),
                ("format_version", models.CharField(max_length=32)),
                ("zone", models.CharField(blank=True, default="", max_length=64)),
                ("imported_us", models.BigIntegerField()),
                ("records", models.PositiveBigIntegerField()),
                ("calls", models.PositiveBigIntegerField()),
                ("parts", models.PositiveBigIntegerField()),
                ("skips", models.PositiveBigIntegerField()),
                ("rejects", models.PositiveBigIntegerField()),
                ("duplicates", models.PositiveBigIntegerField()),
            ],
            options={
                "db_table": "tollbook_import_file",
            },
        ),
        migrations.CreateModel(
            name="LedgerEntry",
            fields=[
                ("id", tollbook.storage.models.fields.RowId(primary_key=True, serialize=False)),
                ("key", models.CharField(max_length=160, unique=True)),
                ("content_hash", models.CharField(max_length=64)),
                ("kind", models.CharField(max_length=10)),
                ("at_us", models.BigIntegerField()),
                ("reason", models.TextField(blank=True, default="")),
                ("run", models.PositiveIntegerField(null=True)),
            ],
            options={
                "db_table": "tollbook_entry",
            },
        ),
        migrations.CreateModel(
            name="LedgerHold",
            fields=[
                ("id", tollbook.storage.models.fields.RowId(primary_key=True, serialize=False)),
                ("key", models.CharField(max_length=160, unique=True)),
                ("content_hash", models.CharField(max_length=64)),
                ("amount_micros", models.BigIntegerField()),
                ("captured_micros", models.BigIntegerField(default=0)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("captured", "Captured"),
                            ("released", "Released"),
                            ("expired", "Expired"),
                        ],
                        default="pending",
                        max_length=8,
                    ),
                ),
                ("placed_us", models.BigIntegerField()),
                ("expires_us", models.BigIntegerField()),
                ("ended_us", models.BigIntegerField(null=True)),
                ("switch_call_id", models.TextField(blank=True, default="")),
                ("caller", models.CharField(blank=True, db_default="", default="", max_length=64)),
                ("number", models.CharField(blank=True, db_default="", default="", max_length=64)),
                ("limit_s", models.BigIntegerField(null=True)),
                ("answer", models.TextField(blank=True, db_default="", default="")),
                ("reserved", models.TextField(blank=True, db_default="", default="")),
                ("answered_us", models.BigIntegerField(null=True)),
                ("talk_s", models.BigIntegerField(null=True)),
                ("estimated", models.BooleanField(db_default=False, default=False)),
            ],
            options={
                "db_table": "tollbook_hold",
            },
        ),
        migrations.CreateModel(
            name="LedgerPosting",
            fields=[
                ("id", tollbook.storage.models.fields.RowId(primary_key=True, serialize=False)),
                ("amount_micros", models.BigIntegerField()),
                ("after_micros", models.BigIntegerField()),
            ],
            options={
                "db_table": "tollbook_posting",
            },
        ),
        migrations.CreateModel(
            name="Leg",
            fields=[
                ("id", tollbook.storage.models.fields.RowId(primary_key=True, serialize=False)),
                ("position", models.SmallIntegerField()),
                ("party", models.TextField(blank=True, default="")),
                ("role", models.TextField(blank=True, default="")),
                ("start_us", models.BigIntegerField(null=True)),
                ("answer_us", models.BigIntegerField(null=True)),
                ("end_us", models.BigIntegerField(null=True)),
                ("talk_ms", models.BigIntegerField(null=True)),
            ],
            options={
                "db_table": "tollbook_leg",
            },
        ),
        migrations.CreateModel(
            name="LoginFailure",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=150)),
                ("at_us", models.BigIntegerField()),
                ("address", models.CharField(blank=True, default="", max_length=64)),
            ],
            options={
                "db_table": "tollbook_login_failure",
            },
        ),
        migrations.CreateModel(
            name="Meta",
            fields=[
                ("key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("value", models.TextField(blank=True, default="")),
            ],
            options={
                "db_table": "tollbook_meta",
            },
        ),
        migrations.CreateModel(
            name="Owner",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("billing", models.BooleanField(db_default=False, default=False)),
                (
                    "payment_type",
                    models.CharField(
                        choices=[("prepaid", "Prepaid"), ("postpaid", "Postpaid")],
                        db_default="prepaid",
                        default="prepaid",
                        max_length=8,
                    ),
                ),
                ("credit_micros", models.BigIntegerField(db_default=0, default=0)),
                ("locked", models.BooleanField(db_default=False, default=False)),
                ("recharged_since_us", models.BigIntegerField(null=True)),
                ("call_limit_micros", models.BigIntegerField(null=True)),
                ("call_limit_s", models.PositiveIntegerField(null=True)),
                ("floor_micros", models.BigIntegerField(null=True)),
                ("concurrent_limit", models.PositiveIntegerField(null=True)),
                ("name", models.CharField(max_length=120, unique=True)),
                ("email", models.TextField(blank=True, default="")),
                ("active", models.BooleanField(default=True)),
            ],
            options={
                "db_table": "tollbook_owner",
            },
        ),
        migrations.CreateModel(
            name="Pbx",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120, unique=True)),
                ("brand", models.CharField(blank=True, default="", max_length=80)),
                ("note", models.TextField(blank=True, default="")),
                ("created_us", models.BigIntegerField(default=0)),
                (
                    "dial_prefix",
                    models.CharField(blank=True, db_default="", default="", max_length=32),
                ),
                (
                    "authorisation_mask",
                    models.CharField(blank=True, db_default="", default="", max_length=32),
                ),
            ],
            options={
                "db_table": "tollbook_pbx",
            },
        ),
        migrations.CreateModel(
            name="PlanVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("document", models.TextField()),
                ("sha256", models.CharField(max_length=64)),
                ("valid_from_us", models.BigIntegerField()),
                ("created_us", models.BigIntegerField()),
                ("created_by", models.TextField(blank=True, default="")),
            ],
            options={
                "db_table": "tollbook_plan_version",
            },
        ),
        migrations.CreateModel(
            name="RatingRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("first", "first"), ("rerate", "rerate")],
                        default="rerate",
                        max_length=6,
                    ),
                ),
                ("started_us", models.BigIntegerField()),
                ("by", models.TextField(blank=True, default="")),
                ("note", models.TextField(blank=True, default="")),
                (
                    "state",
                    models.CharField(
                        choices=[("running", "Running"), ("done", "Done"), ("stopped", "Stopped")],
                        default="done",
                        max_length=7,
                    ),
                ),
                ("wanted", models.JSONField(default=dict)),
                ("rules", models.CharField(blank=True, default="", max_length=64)),
                ("last_call", models.BigIntegerField(default=0)),
                ("watermark", models.BigIntegerField(default=0)),
                ("calls", models.PositiveBigIntegerField(default=0)),
                ("calls_done", models.PositiveBigIntegerField(default=0)),
                ("changed", models.PositiveBigIntegerField(default=0)),
                ("seen_us", models.BigIntegerField(default=0)),
                ("finished_us", models.BigIntegerField(null=True)),
                ("result", models.JSONField(null=True)),
            ],
            options={
                "db_table": "tollbook_rating_run",
            },
        ),
        migrations.CreateModel(
            name="RawRecord",
            fields=[
                ("id", tollbook.storage.models.fields.RowId(primary_key=True, serialize=False)),
                ("offset", models.PositiveBigIntegerField()),
                ("length", models.PositiveIntegerField()),
                ("line", models.PositiveBigIntegerField()),
                (
                    "kind",
                    models.PositiveSmallIntegerField(
                        choices=[(1, "Call"), (2, "Part"), (3, "Skip"), (4, "Reject")]
                    ),
                ),
                ("reason", models.CharField(blank=True, default="", max_length=64)),
            ],
            options={
                "db_table": "tollbook_raw_record",
            },
        ),
        migrations.CreateModel(
            name="RawSegment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("path", models.TextField(unique=True)),
                ("sequence", models.PositiveBigIntegerField()),
                ("first_received_us", models.BigIntegerField()),
                ("size", models.PositiveBigIntegerField(default=0)),
                ("sealed_us", models.BigIntegerField(null=True)),
                ("sha256", models.CharField(max_length=64, null=True)),
            ],
            options={
                "db_table": "tollbook_raw_segment",
            },
        ),
        migrations.CreateModel(
            name="Refusal",
            fields=[
                ("id", tollbook.storage.models.fields.RowId(primary_key=True, serialize=False)),
                ("key", models.CharField(max_length=160, unique=True)),
                ("content_hash", models.CharField(max_length=64)),
                ("at_us", models.BigIntegerField()),
                ("caller", models.CharField(max_length=64)),
                ("number", models.CharField(max_length=64)),
                ("reason", models.CharField(max_length=24)),
                ("answer", models.TextField()),
            ],
            options={
                "db_table": "tollbook_refusal",
            },
        ),
        migrations.CreateModel(
            name="Reject",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("received_us", models.BigIntegerField()),
                ("line", models.PositiveBigIntegerField()),
                ("offset", models.PositiveBigIntegerField()),
                ("raw", models.BinaryField(max_length=4096)),
                ("reason", models.CharField(max_length=64)),
                ("message", models.TextField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("new", "New"),
                            ("released", "Released"),
                            ("dismissed", "Dismissed"),
                        ],
                        default="new",
                        max_length=9,
                    ),
                ),
                ("resolved_us", models.BigIntegerField(null=True)),
                ("resolved_by", models.TextField(blank=True, default="")),
            ],
            options={
                "db_table": "tollbook_reject",
            },
        ),
        migrations.CreateModel(
            name="ServiceClass",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120, unique=True)),
                ("rules", models.JSONField(default=list)),
                ("hours", models.JSONField(default=list)),
                ("bars_otherwise", models.BooleanField(default=False)),
                ("code_required", models.BooleanField(default=False)),
                ("code_required_types", models.JSONField(default=list)),
                ("authorisation_required", models.BooleanField(default=False)),
                (
                    "when_away",
                    models.CharField(
                        choices=[("closed", "Closed"), ("open", "Open")],
                        default="closed",
                        max_length=6,
                    ),
                ),
                ("away_limit_s", models.PositiveIntegerField(null=True)),
            ],
            options={
                "db_table": "tollbook_service_class",
            },
        ),
        migrations.CreateModel(
            name="Site",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120, unique=True)),
                ("zone", models.CharField(max_length=64)),
                ("country", models.CharField(blank=True, default="", max_length=2)),
                ("currency", models.CharField(max_length=3)),
                ("dial_plan", models.JSONField(default=dict)),
                ("created_us", models.BigIntegerField()),
                ("code_length", models.PositiveSmallIntegerField(db_default=0, default=0)),
                (
                    "caller_id",
                    models.CharField(blank=True, db_default="", default="", max_length=64),
                ),
                ("hold_s", models.PositiveIntegerField(null=True)),
                ("bills_new", models.BooleanField(db_default=False, default=False)),
            ],
            options={
                "db_table": "tollbook_site",
            },
        ),
        migrations.CreateModel(
            name="Source",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                (
                    "transport",
                    models.CharField(
                        choices=[
                            ("tcp-listen", "Tcp Listen"),
                            ("tcp-connect", "Tcp Connect"),
                            ("udp", "Udp"),
                            ("serial", "Serial"),
                            ("tail", "Tail"),
                            ("drop", "Drop"),
                            ("import", "Import"),
                        ],
                        max_length=16,
                    ),
                ),
                ("format", models.CharField(max_length=64)),
                ("options", models.JSONField(default=dict)),
                (
                    "wanted",
                    models.CharField(
                        choices=[("running", "running"), ("stopped", "stopped")],
                        default="running",
                        max_length=8,
                    ),
                ),
                ("created_us", models.BigIntegerField()),
            ],
            options={
                "db_table": "tollbook_source",
            },
        ),
        migrations.CreateModel(
            name="SourceDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.PositiveIntegerField()),
                ("records", models.PositiveBigIntegerField(default=0)),
                ("calls", models.PositiveBigIntegerField(default=0)),
                ("parts", models.PositiveBigIntegerField(default=0)),
                ("skips", models.PositiveBigIntegerField(default=0)),
                ("rejects", models.PositiveBigIntegerField(default=0)),
                ("duplicates", models.PositiveBigIntegerField(default=0)),
            ],
            options={
                "db_table": "tollbook_source_day",
            },
        ),
        migrations.CreateModel(
            name="Tariff",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120, unique=True)),
                ("currency", models.CharField(max_length=3)),
                ("zone", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "tollbook_tariff",
            },
        ),
        migrations.CreateModel(
            name="TariffAssignment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[("charge", "Charge"), ("cost", "Cost")],
                        default="charge",
                        max_length=6,
                    ),
                ),
                ("source_ip", models.TextField(blank=True, default="")),
                ("from_us", models.BigIntegerField(null=True)),
                ("to_us", models.BigIntegerField(null=True)),
                (
                    "matches",
                    models.CharField(
                        choices=[("callee", "Callee"), ("dialled", "Dialled")],
                        default="callee",
                        max_length=7,
                    ),
                ),
            ],
            options={
                "db_table": "tollbook_tariff_assignment",
            },
        ),
        migrations.CreateModel(
            name="TariffVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("document", models.TextField()),
                ("sha256", models.CharField(max_length=64)),
                ("valid_from_us", models.BigIntegerField()),
                ("created_us", models.BigIntegerField()),
                ("created_by", models.TextField(blank=True, default="")),
            ],
            options={
                "db_table": "tollbook_tariff_version",
            },
        ),
        migrations.CreateModel(
            name="Trunk",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("label", models.CharField(blank=True, default="", max_length=120)),
            ],
            options={
                "db_table": "tollbook_trunk",
            },
        ),
        migrations.CreateModel(
            name="UserRole",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("admin", "Administrator"),
                            ("billing", "Billing"),
                            ("owner", "Owner"),
                            ("extension", "Extension"),
                            ("viewer", "Viewer"),
                        ],
                        max_length=9,
                    ),
                ),
                ("created_us", models.BigIntegerField()),
                ("created_by", models.CharField(blank=True, default="", max_length=150)),
            ],
            options={
                "db_table": "tollbook_user_role",
            },
        ),
        migrations.CreateModel(
            name="UserSession",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=40, unique=True)),
                ("created_us", models.BigIntegerField()),
                ("seen_us", models.BigIntegerField()),
                ("address", models.CharField(blank=True, default="", max_length=64)),
                ("agent", models.CharField(blank=True, default="", max_length=256)),
            ],
            options={
                "db_table": "tollbook_user_session",
            },
        ),
        migrations.CreateModel(
            name="Balance",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="storage.account",
                    ),
                ),
                ("balance_micros", models.BigIntegerField(default=0)),
                ("held_micros", models.BigIntegerField(default=0)),
            ],
            options={
                "db_table": "tollbook_balance",
            },
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.UniqueConstraint(
                fields=("kind", "name", "currency"), name="account_of_holder"
            ),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["extension", "owner", "department", "system"])),
                name="account_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("name", ""), _negated=True), models.Q(("currency", ""), _negated=True)
                ),
                name="account_says_whose",
            ),
        ),
        migrations.AddField(
            model_name="accountcodenumber",
            name="code",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.accountcode",
            ),
        ),
        migrations.AddIndex(
            model_name="auditlog",
            index=models.Index(fields=["object_type", "object_id", "id"], name="audit_by_object"),
        ),
        migrations.AddField(
            model_name="balancesnapshot",
            name="account",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.account",
            ),
        ),
        migrations.AddIndex(
            model_name="budget",
            index=models.Index(fields=["kind", "holder"], name="budget_of_holder"),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["extension", "department", "owner"])),
                name="budget_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.CheckConstraint(
                condition=models.Q(("every__in", ["day", "week", "month"])), name="budget_every"
            ),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("limit_micros__isnull", False), ("limit_s__isnull", False), _connector="OR"
                ),
                name="budget_limits_something",
            ),
        ),
        migrations.AddField(
            model_name="alarm",
            name="budget",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.budget",
            ),
        ),
        migrations.AddField(
            model_name="budgetuse",
            name="budget",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.budget",
            ),
        ),
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
            ],
            options={
                "db_table": "tollbook_call_payer",
            },
        ),
        migrations.AddField(
            model_name="call",
            name="account_code_ref",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.accountcode",
            ),
        ),
        migrations.AddField(
            model_name="callrecord",
            name="call",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="storage.call"
            ),
        ),
        migrations.AddField(
            model_name="charge",
            name="call",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.call",
            ),
        ),
        migrations.AddField(
            model_name="chargeparts",
            name="charge",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="storage.charge"
            ),
        ),
        migrations.AddField(
            model_name="codechange",
            name="after",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.accountcode",
            ),
        ),
        migrations.AddField(
            model_name="codechange",
            name="before",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.accountcode",
            ),
        ),
        migrations.AddField(
            model_name="codechange",
            name="call",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="storage.call"
            ),
        ),
        migrations.AddField(
            model_name="codechange",
            name="undoes",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.codechange",
            ),
        ),
        migrations.AddConstraint(
            model_name="columnmark",
            constraint=models.CheckConstraint(
                condition=models.Q(("id", 1)), name="column_mark_is_one"
            ),
        ),
        migrations.AddIndex(
            model_name="counter",
            index=models.Index(
                condition=models.Q(("dirty_from_us__isnull", False)),
                fields=["dirty_from_us"],
                name="counter_dirty",
            ),
        ),
        migrations.AddConstraint(
            model_name="counter",
            constraint=models.CheckConstraint(
                condition=models.Q(("held_s__gte", 0)), name="counter_held_not_negative"
            ),
        ),
        migrations.AddField(
            model_name="call",
            name="department",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.department",
            ),
        ),
        migrations.AddField(
            model_name="alarm",
            name="department",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.department",
            ),
        ),
        migrations.AddField(
            model_name="duplicate",
            name="of_call",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="storage.call"
            ),
        ),
        migrations.AddField(
            model_name="duplicate",
            name="released_call",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.call",
            ),
        ),
        migrations.AddIndex(
            model_name="exchangerate",
            index=models.Index(fields=["source", "target", "day"], name="exchange_rate_of_day"),
        ),
        migrations.CreateModel(
            name="ExtensionPin",
            fields=[
                (
                    "extension",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="storage.extension",
                    ),
                ),
                ("hash", models.CharField(max_length=255)),
                ("changed_us", models.BigIntegerField()),
                ("changed_by", models.CharField(blank=True, default="", max_length=150)),
            ],
            options={
                "db_table": "tollbook_extension_pin",
            },
        ),
        migrations.AddField(
            model_name="extension",
            name="department",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.department",
            ),
        ),
        migrations.AddField(
            model_name="call",
            name="extension",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.extension",
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
        migrations.AddField(
            model_name="alarm",
            name="extension",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.extension",
            ),
        ),
        migrations.AddField(
            model_name="fee",
            name="account_code",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.accountcode",
            ),
        ),
        migrations.AddField(
            model_name="fee",
            name="call",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.call",
            ),
        ),
        migrations.AddField(
            model_name="fraudguard",
            name="department",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.department",
            ),
        ),
        migrations.AddField(
            model_name="fraudguard",
            name="extension",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.extension",
            ),
        ),
        migrations.AddField(
            model_name="alarm",
            name="guard",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.fraudguard",
            ),
        ),
        migrations.AddField(
            model_name="idempotentanswer",
            name="token",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.apitoken",
            ),
        ),
        migrations.AddField(
            model_name="ledgerentry",
            name="call",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.call",
            ),
        ),
        migrations.AddField(
            model_name="ledgerentry",
            name="reverses",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.ledgerentry",
            ),
        ),
        migrations.AddField(
            model_name="codechange",
            name="entry",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.ledgerentry",
            ),
        ),
        migrations.AddField(
            model_name="ledgerhold",
            name="account",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.account",
            ),
        ),
        migrations.AddField(
            model_name="ledgerhold",
            name="account_code",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.accountcode",
            ),
        ),
        migrations.AddField(
            model_name="ledgerhold",
            name="call",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.call",
            ),
        ),
        migrations.AddField(
            model_name="ledgerhold",
            name="entry",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.ledgerentry",
            ),
        ),
        migrations.AddField(
            model_name="ledgerhold",
            name="extension",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.extension",
            ),
        ),
        migrations.AddField(
            model_name="ledgerposting",
            name="account",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.account",
            ),
        ),
        migrations.AddField(
            model_name="ledgerposting",
            name="entry",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.ledgerentry",
            ),
        ),
        migrations.AddField(
            model_name="leg",
            name="call",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.call",
            ),
        ),
        migrations.AddIndex(
            model_name="loginfailure",
            index=models.Index(fields=["name", "at_us"], name="login_failure_recent"),
        ),
        migrations.AddField(
            model_name="call",
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
            model_name="alarm",
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
            model_name="accountcode",
            name="owner",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.owner",
            ),
        ),
        migrations.AddField(
            model_name="ledgerhold",
            name="pbx",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.pbx",
            ),
        ),
        migrations.AddField(
            model_name="importfile",
            name="pbx",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.pbx",
            ),
        ),
        migrations.AddField(
            model_name="call",
            name="pbx",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.pbx",
            ),
        ),
        migrations.AddField(
            model_name="chargeparts",
            name="plan_version",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.planversion",
            ),
        ),
        migrations.AddConstraint(
            model_name="ratingrun",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["running", "done", "stopped"])),
                name="rating_run_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="ratingrun",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "running")), fields=("state",), name="rating_run_alone"
            ),
        ),
        migrations.AddField(
            model_name="duplicate",
            name="raw_record",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.rawrecord",
            ),
        ),
        migrations.AddField(
            model_name="callrecord",
            name="raw_record",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.rawrecord",
            ),
        ),
        migrations.AddField(
            model_name="call",
            name="raw_record",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.rawrecord",
            ),
        ),
        migrations.AddField(
            model_name="rawrecord",
            name="segment",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.rawsegment",
            ),
        ),
        migrations.AddField(
            model_name="refusal",
            name="extension",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.extension",
            ),
        ),
        migrations.AddField(
            model_name="reject",
            name="raw_record",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.rawrecord",
            ),
        ),
        migrations.AddField(
            model_name="reject",
            name="released_call",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.call",
            ),
        ),
        migrations.AddField(
            model_name="extension",
            name="service_class",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.serviceclass",
            ),
        ),
        migrations.AddField(
            model_name="department",
            name="service_class",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.serviceclass",
            ),
        ),
        migrations.AddField(
            model_name="site",
            name="service_class",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.serviceclass",
            ),
        ),
        migrations.AddField(
            model_name="planversion",
            name="site",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.site",
            ),
        ),
        migrations.AddField(
            model_name="pbx",
            name="site",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="storage.site"
            ),
        ),
        migrations.AddField(
            model_name="fraudguard",
            name="site",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.site",
            ),
        ),
        migrations.AddField(
            model_name="extension",
            name="site",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.site",
            ),
        ),
        migrations.AddField(
            model_name="department",
            name="site",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.site",
            ),
        ),
        migrations.AddField(
            model_name="call",
            name="site",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.site",
            ),
        ),
        migrations.CreateModel(
            name="SourcePosition",
            fields=[
                (
                    "source",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="storage.source",
                    ),
                ),
                ("offset", models.PositiveBigIntegerField(default=0)),
                ("line", models.PositiveBigIntegerField(default=0)),
                ("carry", models.TextField(default="{}")),
            ],
            options={
                "db_table": "tollbook_source_position",
            },
        ),
        migrations.CreateModel(
            name="SourceState",
            fields=[
                (
                    "source",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="storage.source",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "Running"),
                            ("waiting", "Waiting"),
                            ("stopped", "Stopped"),
                            ("failed", "Failed"),
                            ("unknown", "Unknown"),
                        ],
                        default="unknown",
                        max_length=8,
                    ),
                ),
                ("reason", models.TextField(blank=True, default="")),
                ("next_step", models.TextField(blank=True, default="")),
                ("since_us", models.BigIntegerField(null=True)),
                ("seen_us", models.BigIntegerField(null=True)),
                ("last_record_us", models.BigIntegerField(null=True)),
                ("connected_peers", models.PositiveIntegerField(default=0)),
                ("bytes_total", models.PositiveBigIntegerField(default=0)),
            ],
            options={
                "db_table": "tollbook_source_state",
            },
        ),
        migrations.AddField(
            model_name="source",
            name="pbx",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="storage.pbx"
            ),
        ),
        migrations.AddField(
            model_name="reject",
            name="source",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.source",
            ),
        ),
        migrations.AddField(
            model_name="rawsegment",
            name="source",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.source",
            ),
        ),
        migrations.AddField(
            model_name="importfile",
            name="source",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="storage.source"
            ),
        ),
        migrations.AddField(
            model_name="duplicate",
            name="source",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.source",
            ),
        ),
        migrations.AddField(
            model_name="call",
            name="source",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.source",
            ),
        ),
        migrations.AddField(
            model_name="sourceday",
            name="source",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.source",
            ),
        ),
        migrations.AddField(
            model_name="tariffassignment",
            name="account_code",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.accountcode",
            ),
        ),
        migrations.AddField(
            model_name="tariffassignment",
            name="department",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.department",
            ),
        ),
        migrations.AddField(
            model_name="tariffassignment",
            name="extension",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.extension",
            ),
        ),
        migrations.AddField(
            model_name="tariffassignment",
            name="pbx",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.pbx",
            ),
        ),
        migrations.AddField(
            model_name="tariffassignment",
            name="site",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.site",
            ),
        ),
        migrations.AddField(
            model_name="tariffassignment",
            name="tariff",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="storage.tariff"
            ),
        ),
        migrations.AddField(
            model_name="tariffversion",
            name="tariff",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.tariff",
            ),
        ),
        migrations.AddField(
            model_name="charge",
            name="tariff_version",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.tariffversion",
            ),
        ),
        migrations.AddField(
            model_name="trunk",
            name="pbx",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.pbx",
            ),
        ),
        migrations.AddField(
            model_name="tariffassignment",
            name="trunk",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.trunk",
            ),
        ),
        migrations.AddField(
            model_name="call",
            name="trunk",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.trunk",
            ),
        ),
        migrations.AddField(
            model_name="userrole",
            name="extension",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.extension",
            ),
        ),
        migrations.AddField(
            model_name="userrole",
            name="owner",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.owner",
            ),
        ),
        migrations.AddField(
            model_name="usersession",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="balance",
            constraint=models.CheckConstraint(
                condition=models.Q(("held_micros__gte", 0)), name="balance_held_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="accountcodenumber",
            constraint=models.UniqueConstraint(
                fields=("code", "position"), name="code_number_position"
            ),
        ),
        migrations.AddConstraint(
            model_name="accountcodenumber",
            constraint=models.CheckConstraint(
                condition=models.Q(("position__gte", 1), ("position__lte", 9)),
                name="code_number_one_to_nine",
            ),
        ),
        migrations.AddConstraint(
            model_name="balancesnapshot",
            constraint=models.UniqueConstraint(
                fields=("account", "day"), name="balance_snapshot_of_day"
            ),
        ),
        migrations.AddConstraint(
            model_name="budgetuse",
            constraint=models.UniqueConstraint(
                fields=("budget", "from_us"), name="budget_use_of_period"
            ),
        ),
        migrations.AddConstraint(
            model_name="budgetuse",
            constraint=models.CheckConstraint(
                condition=models.Q(("held_micros__gte", 0), ("held_s__gte", 0)),
                name="budget_held_not_negative",
            ),
        ),
        migrations.AddField(
            model_name="callpayer",
            name="account",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.account",
            ),
        ),
        migrations.AddConstraint(
            model_name="fee",
            constraint=models.UniqueConstraint(fields=("call", "run"), name="fee_once_a_run"),
        ),
        migrations.AddConstraint(
            model_name="idempotentanswer",
            constraint=models.UniqueConstraint(
                fields=("token", "key"), name="idempotent_answer_once"
            ),
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(
                condition=models.Q(("call__isnull", False)), fields=["call"], name="entry_of_call"
            ),
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(
                condition=models.Q(("run__isnull", False)),
                fields=["run", "id"],
                name="entry_of_run",
            ),
        ),
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
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("reverses__isnull", False)),
                fields=("reverses",),
                name="entry_reversed_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("key", ""), _negated=True), name="entry_has_key"
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "reversal"), ("reverses__isnull", False)),
                    models.Q(models.Q(("kind", "reversal"), _negated=True), ("reverses", None)),
                    _connector="OR",
                ),
                name="entry_reversal_names_entry",
            ),
        ),
        migrations.AddIndex(
            model_name="ledgerposting",
            index=models.Index(fields=["account", "id"], name="posting_of_account"),
        ),
        migrations.AddConstraint(
            model_name="ledgerposting",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_micros", 0), _negated=True), name="posting_of_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="leg",
            constraint=models.UniqueConstraint(fields=("call", "position"), name="leg_position"),
        ),
        migrations.AddConstraint(
            model_name="leg",
            constraint=models.CheckConstraint(
                condition=models.Q(("talk_ms__gte", 0)), name="leg_talk_not_negative"
            ),
        ),
        migrations.AddIndex(
            model_name="alarm",
            index=models.Index(fields=["at_us", "id"], name="alarm_newest"),
        ),
        migrations.AddIndex(
            model_name="alarm",
            index=models.Index(
                condition=models.Q(("closes", True), ("lifted_us", None)),
                fields=["extension"],
                name="alarm_that_closes",
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
        migrations.AddConstraint(
            model_name="accountcode",
            constraint=models.CheckConstraint(
                condition=models.Q(("fee_micros__gte", 0)), name="code_fee_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="accountcode",
            constraint=models.CheckConstraint(
                condition=models.Q(("fee_unit_s__gte", 1)), name="code_fee_unit"
            ),
        ),
        migrations.AddIndex(
            model_name="ledgerhold",
            index=models.Index(
                condition=models.Q(("call", None)),
                fields=["placed_us", "caller", "number"],
                name="hold_without_record",
            ),
        ),
        migrations.AddIndex(
            model_name="ledgerhold",
            index=models.Index(
                condition=models.Q(("state", "pending")),
                fields=["expires_us", "extension", "account_code"],
                name="hold_under_way",
            ),
        ),
        migrations.AddIndex(
            model_name="ledgerhold",
            index=models.Index(
                condition=models.Q(("switch_call_id", ""), _negated=True),
                fields=["switch_call_id"],
                name="hold_of_switch_call",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerhold",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["pending", "captured", "released", "expired"])),
                name="hold_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerhold",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_us", None), ("state", "pending")),
                    models.Q(
                        models.Q(("state", "pending"), _negated=True), ("ended_us__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="hold_ends_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerhold",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("amount_micros__gte", 0),
                    ("captured_micros__gte", 0),
                    ("captured_micros__lte", models.F("amount_micros")),
                    models.Q(("state", "captured"), ("captured_micros", 0), _connector="OR"),
                ),
                name="hold_captures_what_it_holds",
            ),
        ),
        migrations.AddIndex(
            model_name="chargeparts",
            index=models.Index(fields=["talk_us"], name="charge_parts_in_call_order"),
        ),
        migrations.AddConstraint(
            model_name="rawrecord",
            constraint=models.UniqueConstraint(
                fields=("segment", "offset"), name="raw_record_place"
            ),
        ),
        migrations.AddConstraint(
            model_name="rawrecord",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__gte", 1), ("kind__lte", 4)), name="raw_record_kind"
            ),
        ),
        migrations.AddIndex(
            model_name="refusal",
            index=models.Index(fields=["at_us", "id"], name="refusal_newest"),
        ),
        migrations.AddConstraint(
            model_name="planversion",
            constraint=models.UniqueConstraint(
                fields=("site", "number"), name="plan_version_number", nulls_distinct=False
            ),
        ),
        migrations.AddConstraint(
            model_name="fraudguard",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["calls", "spend", "new"])), name="guard_kind"
            ),
        ),
        migrations.AddConstraint(
            model_name="fraudguard",
            constraint=models.CheckConstraint(
                condition=models.Q(("threshold__gte", 0)), name="guard_threshold"
            ),
        ),
        migrations.AddIndex(
            model_name="extension",
            index=models.Index(
                condition=models.Q(("billing", True)), fields=["id"], name="extension_that_pays"
            ),
        ),
        migrations.AddConstraint(
            model_name="extension",
            constraint=models.UniqueConstraint(fields=("site", "number"), name="extension_in_site"),
        ),
        migrations.AddConstraint(
            model_name="department",
            constraint=models.UniqueConstraint(fields=("site", "name"), name="department_in_site"),
        ),
        migrations.AddField(
            model_name="sourceposition",
            name="segment",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="storage.rawsegment",
            ),
        ),
        migrations.AddConstraint(
            model_name="sourcestate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["running", "waiting", "stopped", "failed", "unknown"])
                ),
                name="source_state_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="source",
            constraint=models.UniqueConstraint(fields=("pbx", "name"), name="source_name_in_pbx"),
        ),
        migrations.AddConstraint(
            model_name="source",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "transport__in",
                        ["tcp-listen", "tcp-connect", "udp", "serial", "tail", "drop", "import"],
                    )
                ),
                name="source_transport",
            ),
        ),
        migrations.AddConstraint(
            model_name="source",
            constraint=models.CheckConstraint(
                condition=models.Q(("wanted__in", ["running", "stopped"])), name="source_wanted"
            ),
        ),
        migrations.AddIndex(
            model_name="reject",
            index=models.Index(fields=["state", "id"], name="reject_by_state"),
        ),
        migrations.AddIndex(
            model_name="reject",
            index=models.Index(fields=["source", "id"], name="reject_by_source"),
        ),
        migrations.AddConstraint(
            model_name="reject",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["new", "released", "dismissed"])),
                name="reject_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="rawsegment",
            constraint=models.UniqueConstraint(
                fields=("source", "sequence"), name="segment_in_source"
            ),
        ),
        migrations.AddConstraint(
            model_name="rawsegment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("sealed_us", None), ("sha256", None)),
                    models.Q(("sealed_us__isnull", False), ("sha256__isnull", False)),
                    _connector="OR",
                ),
                name="segment_sealed_with_hash",
            ),
        ),
        migrations.AddConstraint(
            model_name="importfile",
            constraint=models.UniqueConstraint(
                fields=("pbx", "sha256", "format", "format_version", "zone"),
                name="import_file_once",
            ),
        ),
        migrations.AddIndex(
            model_name="duplicate",
            index=models.Index(fields=["source", "id"], name="duplicate_by_source"),
        ),
        migrations.AddConstraint(
            model_name="duplicate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("released_call", None), ("released_us", None)),
                    models.Q(("released_call__isnull", False), ("released_us__isnull", False)),
                    _connector="OR",
                ),
                name="duplicate_released_as_a_call",
            ),
        ),
        migrations.AddConstraint(
            model_name="sourceday",
            constraint=models.UniqueConstraint(fields=("source", "day"), name="source_day_once"),
        ),
        migrations.AddConstraint(
            model_name="tariffversion",
            constraint=models.UniqueConstraint(
                fields=("tariff", "number"), name="tariff_version_number"
            ),
        ),
        migrations.AddIndex(
            model_name="charge",
            index=models.Index(
                condition=models.Q(("amount_micros__isnull", True)),
                fields=["call"],
                name="charge_unrated",
            ),
        ),
        migrations.AddConstraint(
            model_name="charge",
            constraint=models.UniqueConstraint(
                fields=("call", "kind", "run"), name="charge_once_a_run"
            ),
        ),
        migrations.AddConstraint(
            model_name="charge",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind", "charge"), ("kind", "cost"), _connector="OR"),
                name="charge_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="charge",
            constraint=models.CheckConstraint(
                condition=models.Q(("billed_s__gte", 0)), name="charge_billed_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="charge",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("amount_micros", None), models.Q(("unrated_reason", ""), _negated=True)
                    ),
                    models.Q(("amount_micros__isnull", False), ("unrated_reason", "")),
                    _connector="OR",
                ),
                name="charge_rated_or_says_why_not",
            ),
        ),
        migrations.AddConstraint(
            model_name="trunk",
            constraint=models.UniqueConstraint(fields=("pbx", "name"), name="trunk_in_pbx"),
        ),
        migrations.AddIndex(
            model_name="tariffassignment",
            index=models.Index(fields=["kind", "position"], name="assignment_in_order"),
        ),
        migrations.AddConstraint(
            model_name="tariffassignment",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["charge", "cost"])), name="assignment_kind"
            ),
        ),
        migrations.AddConstraint(
            model_name="tariffassignment",
            constraint=models.CheckConstraint(
                condition=models.Q(("matches__in", ["callee", "dialled"])),
                name="assignment_matches",
            ),
        ),
        migrations.AddConstraint(
            model_name="tariffassignment",
            constraint=models.CheckConstraint(
                condition=models.Q(("to_us__gt", models.F("from_us"))),
                name="assignment_time_runs_forward",
            ),
        ),
        migrations.AddConstraint(
            model_name="call",
            constraint=models.UniqueConstraint(
                fields=("begin_us", "pbx", "dedupe_hash"), name="call_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="call",
            constraint=models.CheckConstraint(
                condition=models.Q(("direction__gte", 0), ("direction__lte", 4)),
                name="call_direction",
            ),
        ),
        migrations.AddConstraint(
            model_name="call",
            constraint=models.CheckConstraint(
                condition=models.Q(("talk_ms__gte", 0)), name="call_talk_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="call",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("answered", None),
                    ("answered", True),
                    models.Q(("answer_us", None), ("answered", False), ("talk_ms", 0)),
                    _connector="OR",
                ),
                name="call_unanswered_has_no_talk",
            ),
        ),
        migrations.AddConstraint(
            model_name="userrole",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("role__in", ["admin", "billing", "owner", "extension", "viewer"])
                ),
                name="user_role",
            ),
        ),
        migrations.AddConstraint(
            model_name="userrole",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("role", "owner"), ("owner__isnull", False), ("extension", None)),
                    models.Q(("role", "extension"), ("extension__isnull", False), ("owner", None)),
                    models.Q(
                        models.Q(("role__in", ["owner", "extension"]), _negated=True),
                        ("owner", None),
                        ("extension", None),
                    ),
                    _connector="OR",
                ),
                name="user_role_names_whose",
            ),
        ),
    ]
