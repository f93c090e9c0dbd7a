"""RunSQL: with parameters, several statements in one text, semicolons in a body, percent signs, effects on the state."""

from django.db import migrations, models

FUNCTION = """
CREATE FUNCTION data_shout(text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  -- one; two
  RETURN upper($1) || '!';
END $$;
CREATE VIEW data_loud AS SELECT id, data_shout(text) AS text FROM data_note WHERE text LIKE '%e%';
COMMENT ON VIEW data_loud IS 'has one; or two';
"""


class Migration(migrations.Migration):
    dependencies = [("data", "0003_content_types")]
    operations = [
        migrations.RunSQL(FUNCTION, "DROP VIEW data_loud; DROP FUNCTION data_shout"),
        migrations.RunSQL(
            "ALTER TABLE data_note ADD COLUMN shout text",
            "ALTER TABLE data_note DROP COLUMN shout",
            state_operations=[migrations.AddField("Note", "shout", models.TextField(null=True))],
        ),
        migrations.RunSQL(
            [
                ("UPDATE data_note SET shout = data_shout(text) || %s WHERE text <> %s", ["100%", "feed"]),
                "UPDATE data_note SET shout = 'none' WHERE shout IS NULL AND text NOT LIKE '%x'",
            ],
            migrations.RunSQL.noop,
        ),
    ]
