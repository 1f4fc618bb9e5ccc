"""Give four tables the names that the API and the docs use."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("annotations", "0009_releases_never_change")]

    operations = [
        migrations.RenameModel("Comparison", "AgreementReport"),
        migrations.RenameModel("Removal", "ReleaseRemoval"),
        migrations.RenameModel("Due", "PendingScoring"),
        migrations.RenameModel("Fit", "ScorerFit"),
    ]
