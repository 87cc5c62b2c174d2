import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('hub', '0009_keep_the_age_of_outgoing_tokens'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='commandinvocation',
            name='invocation_by_text',
        ),
        migrations.AlterField(
            model_name='delivery',
            name='key',
            field=models.UUIDField(default=uuid.uuid4, editable=False),
        ),
    ]
