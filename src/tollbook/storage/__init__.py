"""What is kept: Django models, migrations, bulk writers and queries. Only this layer knows SQL."""
