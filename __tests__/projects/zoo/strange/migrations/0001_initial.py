"""A migration with an apply() of its own: nobody can know what it does with the state."""

from django.db import migrations, models

from zoo.fields import key


class Migration(migrations.Migration):
    initial = True
    dependencies = [("naming", "0006_proxy")]
    operations = [migrations.CreateModel("Oddity", [key(), ("name", models.TextField())])]

    def mutate_state(self, project_state, preserve=True):
        state = super().mutate_state(project_state, preserve)
        state.add_field("strange", "oddity", "count", models.IntegerField(default=0), preserve_default=True)
        return state

    def apply(self, project_state, schema_editor, collect_sql=False):
        state = super().apply(project_state, schema_editor, collect_sql)
        schema_editor.execute("ALTER TABLE strange_oddity ADD COLUMN count integer NOT NULL")
        state.add_field("strange", "oddity", "count", models.IntegerField(default=0), preserve_default=True)
        return state
