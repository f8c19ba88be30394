"""``python -m crm_local`` is ``crm``."""

from .cli import main

raise SystemExit(main())
