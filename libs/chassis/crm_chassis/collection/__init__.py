"""One declaration from which a collection's list, read, create, update, delete, restore, bulk, schema, custom fields,
history, attachments, import and export come. Verbs with a meaning of their own are written by hand beside it."""

from .declaration import Collection, RecordSchema, Verb
from .routes import routes

__all__ = ["Collection", "RecordSchema", "Verb", "routes"]
