"""How Alembic reaches the database: the connection is handed in by `drp.database.migrate`, never read from a file."""

from alembic import context

from drp.database.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True, transaction_per_migration=True)
with context.begin_transaction():
    context.run_migrations()
