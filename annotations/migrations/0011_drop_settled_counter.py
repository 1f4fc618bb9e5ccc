"""Remove a counter of queue rows that was maintained, verified and never read."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("annotations", "0010_standard_names")]

    operations = [
        migrations.RemoveField(model_name="batchentity", name="settled"),
    ]
