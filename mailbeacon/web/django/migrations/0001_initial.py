"""The tables of the first version."""

from django.db import migrations, models

__all__ = ["Migration"]


class Migration(migrations.Migration):
    """Make the tables."""

    initial = True

    dependencies = ()

    operations = (
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("event_id", models.CharField(max_length=191, unique=True)),
                ("kind", models.CharField(max_length=32)),
                ("campaign", models.CharField(db_index=True, max_length=512)),
                ("recipient", models.CharField(db_index=True, max_length=512, null=True)),
                ("received_at", models.DateTimeField(db_index=True)),
                ("actor", models.CharField(blank=True, max_length=32)),
                ("is_human", models.BooleanField(null=True)),
                ("url", models.TextField(blank=True)),
                ("event", models.TextField()),
                ("verdict", models.TextField(blank=True)),
            ],
            options={
                "ordering": ("-received_at", "-id"),
            },
        ),
        migrations.CreateModel(
            name="LastOpen",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("recipient", models.CharField(max_length=512, unique=True)),
                ("day", models.DateField()),
            ],
        ),
    )
