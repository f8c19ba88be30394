"""The demo group 蓝梦集团 (code BD): four subsidiaries with their people, and a real purchase history.

Everything goes through the public API, as any user would enter or import it. ``load`` may run again after an
interruption: what is there already is left alone.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from .api import Api
from .company import SUBSIDIARIES, USERS, Subsidiary, build_company, keep_office_hours
from .history import import_history, until_orders_arrived
from .life import live

__all__ = ["USERS", "load"]


def load(base_url: str, password: str) -> None:
    """Load the demo group. base_url: of the gateway. password: admin's, and the one the demo users get.

    Raises ApiError with the server's own words when something is refused.
    """
    admin = Api(base_url, "admin", password)
    build_company(admin, password)
    print("demo: company tree and people are there", flush=True)

    def fill(subsidiary: Subsidiary) -> str:
        import_history(base_url, password, subsidiary, admin)
        live(base_url, password, subsidiary)
        return subsidiary.code

    with ThreadPoolExecutor(len(SUBSIDIARIES)) as pool:
        for code in pool.map(fill, SUBSIDIARIES):
            print(f"demo: {code} is complete", flush=True)
    keep_office_hours(admin)
    until_orders_arrived(admin)
    found = admin.job(admin.post("/churn-cases/scan", {}))
    print(f"demo: churn cases {found['counts']}", flush=True)
