import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="StixObject",
            fields=[
                (
                    "id",
                    models.AutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("stix_id", models.TextField(unique=True)),
                ("stix_type", models.TextField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name="ObjectVersion",
            fields=[
                (
                    "id",
                    models.AutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("content_sha256", models.BinaryField(unique=True)),
                ("attack_id", models.TextField(blank=True)),
                ("name", models.TextField(blank=True)),
                ("revoked", models.BooleanField()),
                ("deprecated", models.BooleanField()),
                ("modified", models.DateTimeField(null=True)),
                ("x_mitre_version", models.TextField(blank=True)),
                (
                    "object",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="versions",
                        to="library.stixobject",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ObjectContent",
            fields=[
                (
                    "version",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="content",
                        serialize=False,
                        to="library.objectversion",
                    ),
                ),
                ("canonical", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="Finding",
            fields=[
                (
                    "id",
                    models.AutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("field", models.TextField()),
                ("reason", models.TextField()),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="findings",
                        to="library.objectversion",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Snapshot",
            fields=[
                (
                    "id",
                    models.AutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "domain",
                    models.TextField(
                        choices=[("enterprise", "Enterprise"), ("mobile", "Mobile"), ("ics", "ICS")]
                    ),
                ),
                ("attack_version", models.TextField()),
                ("bundle_sha256", models.BinaryField()),
                (
                    "provenance",
                    models.TextField(
                        choices=[
                            ("official", "Official: MITRE published this hash"),
                            ("unrecognised", "Unrecognised: not a hash that MITRE published"),
                            ("sample", "Sample: written for this project"),
                        ]
                    ),
                ),
                ("spec_version", models.TextField()),
                ("released_at", models.DateTimeField(null=True)),
                ("release_date_stated", models.BooleanField()),
                ("imported_at", models.DateTimeField(auto_now_add=True)),
                ("bundle_bytes", models.PositiveIntegerField()),
                ("object_count", models.PositiveIntegerField()),
                ("objects_by_type", models.JSONField()),
            ],
        ),
        migrations.CreateModel(
            name="SnapshotBundle",
            fields=[
                (
                    "snapshot",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="bundle",
                        serialize=False,
                        to="library.snapshot",
                    ),
                ),
                ("encoding", models.TextField(choices=[("xz", "xz"), ("gzip", "gzip")])),
                ("data", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="SnapshotObject",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "snapshot_id",
                        "object_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "snapshot",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="members",
                        to="library.snapshot",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to="library.objectversion",
                    ),
                ),
                (
                    "object",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to="library.stixobject",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SnapshotEdge",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "snapshot_id",
                        "source_id",
                        "kind",
                        "target_id",
                        "version_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("kind", models.TextField()),
                ("live", models.BooleanField()),
                (
                    "snapshot",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="edges",
                        to="library.snapshot",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="edges",
                        to="library.objectversion",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="edges_out",
                        to="library.stixobject",
                    ),
                ),
                (
                    "target",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="edges_in",
                        to="library.stixobject",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Edition",
            fields=[
                (
                    "id",
                    models.AutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("made_at", models.DateTimeField(auto_now_add=True)),
                ("made_by", models.TextField()),
                (
                    "enterprise",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="library.snapshot",
                    ),
                ),
                (
                    "ics",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="library.snapshot",
                    ),
                ),
                (
                    "mobile",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="library.snapshot",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.AddConstraint(
            model_name="snapshot",
            constraint=models.UniqueConstraint(
                fields=("domain", "attack_version", "bundle_sha256"), name="snapshot_key"
            ),
        ),
        migrations.AddConstraint(
            model_name="snapshot",
            constraint=models.CheckConstraint(
                condition=models.Q(("domain__in", ["enterprise", "mobile", "ics"])),
                name="snapshot_domain",
            ),
        ),
        migrations.AddIndex(
            model_name="snapshotobject",
            index=models.Index(
                fields=["object", "snapshot"], include=("version",), name="snapshotobject_object"
            ),
        ),
        migrations.AddIndex(
            model_name="snapshotedge",
            index=models.Index(fields=["snapshot", "target", "kind"], name="snapshotedge_target"),
        ),
        migrations.AddIndex(
            model_name="objectversion",
            index=models.Index(
                condition=models.Q(("attack_id__gt", "")),
                fields=["attack_id"],
                name="version_attack_id",
            ),
        ),
    ]
