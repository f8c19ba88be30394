"""``python -m crm_chassis.testing_migration SERVICE MESSAGE``: write the next migration, on a scratch database.

SERVICE ``chassis`` writes one for the tables every service has.
"""

from __future__ import annotations

import sys

from alembic import command

from . import migrations
from .service import load_service
from .tables import ChassisBase
from .testing_servers import start_postgres


def write(name: str, message: str) -> None:
    """Start an empty server, run every step there is, and write the difference to the models as the next one."""
    server = start_postgres()
    try:
        if name == "chassis":
            folder = migrations.CHASSIS_STEPS
            command.upgrade(
                migrations.config(ChassisBase.metadata, folder, server.url, "alembic_version_chassis"), "heads"
            )
            migrations.write_step(None, server.url, message)
            return
        service = load_service(name)
        migrations.upgrade(service, server.url)
        migrations.write_step(service, server.url, message)
    finally:
        server.stop()


if __name__ == "__main__":
    write(sys.argv[1], sys.argv[2])
