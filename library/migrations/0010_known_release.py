"""The newest release that MITRE is known to have published, a row a domain."""

from django.db import migrations, models

DOMAINS = [("enterprise", "Enterprise"), ("mobile", "Mobile"), ("ics", "ICS")]
SOURCES = [
    ("list", "mitreattack-python’s list of published releases"),
    ("index", "MITRE’s index of its releases"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("library", "0009_kept"),
    ]

    operations = [
        migrations.CreateModel(
            name="KnownRelease",
            fields=[
                (
                    "domain",
                    models.TextField(choices=DOMAINS, primary_key=True, serialize=False),
                ),
                ("attack_version", models.TextField()),
                ("source", models.TextField(choices=SOURCES)),
                ("known_since", models.DateTimeField()),
                ("index_read_at", models.DateTimeField(null=True)),
                ("mailed", models.TextField(blank=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(domain__in=[domain for domain, _ in DOMAINS]),
                        name="known_release_domain",
                    )
                ],
            },
        ),
    ]
