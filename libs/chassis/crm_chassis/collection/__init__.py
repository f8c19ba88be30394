"""One declaration from which all that is uniform about a collection comes.

List, read, create, update, delete, restore, bulk, schema, custom fields, history, attachments, import and export. Verbs
with a meaning of their own are written by hand beside it.
"""

from .declaration import Collection, RecordSchema, Verb
from .routes import routes

__all__ = ["Collection", "RecordSchema", "Verb", "routes"]
