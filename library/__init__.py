"""The only writer of what people own: database, content-addressed files, migrations."""
