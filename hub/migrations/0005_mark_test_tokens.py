from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('hub', '0004_keep_the_age_of_secrets'),
    ]

    operations = [
        migrations.AddField(
            model_name='historicalwebhooktoken',
            name='is_test',
            field=models.BooleanField(default=False, editable=False, help_text='For one test request out of the admin.'),
        ),
        migrations.AddField(
            model_name='webhooktoken',
            name='is_test',
            field=models.BooleanField(default=False, editable=False, help_text='For one test request out of the admin.'),
        ),
    ]
