"""Declare the limits of a batch's rules on the model; the database does not change."""
import annotations.models.validators
import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('annotations', '0014_versions_of_guidelines'),
    ]

    operations = [
        migrations.AlterModelOptions('pendingscoring', {}),
        migrations.AlterField(
            model_name='batch',
            name='audit_size',
            field=models.PositiveIntegerField(default=299, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100000)]),
        ),
        migrations.AlterField(
            model_name='batch',
            name='cap',
            field=models.PositiveIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1)]),
        ),
        migrations.AlterField(
            model_name='batch',
            name='cap_share',
            field=models.FloatField(blank=True, null=True, validators=[annotations.models.validators.GreaterThan(0), django.core.validators.MaxValueValidator(1)]),
        ),
        migrations.AlterField(
            model_name='batch',
            name='clear_beyond',
            field=models.FloatField(blank=True, null=True, validators=[annotations.models.validators.GreaterThan(0.5), annotations.models.validators.LessThan(1)]),
        ),
        migrations.AlterField(
            model_name='batch',
            name='control_share',
            field=models.FloatField(blank=True, null=True, validators=[annotations.models.validators.GreaterThan(0), django.core.validators.MaxValueValidator(1)]),
        ),
        migrations.AlterField(
            model_name='batch',
            name='deadline',
            field=models.DateTimeField(blank=True, null=True, validators=[annotations.models.validators.require_time_zone]),
        ),
        migrations.AlterField(
            model_name='batch',
            name='judges_required',
            field=models.PositiveSmallIntegerField(default=2, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(7)]),
        ),
        migrations.AlterField(
            model_name='batch',
            name='maximum',
            field=models.PositiveSmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(7)]),
        ),
        migrations.AlterField(
            model_name='batch',
            name='name',
            field=models.CharField(error_messages={'blank': 'A batch needs a name.'}, max_length=200, validators=[django.core.validators.RegexValidator('\\S', 'A batch needs a name.')]),
        ),
        migrations.AlterField(
            model_name='batch',
            name='page_size',
            field=models.PositiveSmallIntegerField(default=30, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(200)]),
        ),
        migrations.AlterField(
            model_name='batch',
            name='priority',
            field=models.IntegerField(default=0, validators=[django.core.validators.MinValueValidator(-2147483647), django.core.validators.MaxValueValidator(2147483647)]),
        ),
    ]
