"""The one table of periodic work. `manage.py sync_schedules` makes django-q's rows equal to it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Periodic:
    """One task that a worker runs every so many minutes."""

    name: str
    task: str
    minutes: int


SCHEDULES = (
    Periodic("Ring for due work", "marketplace.kernel.tasks.sweep", 1),
    Periodic("Stop background runs that were given up", "marketplace.kernel.bulk_tasks.tick", 1),
    Periodic("Publish what is queued", "catalog.tasks.tick_publish", 1),
    Periodic("Run price rules", "catalog.tasks.tick_reprice", 1),
    Periodic("Send prices and quantities", "catalog.tasks.tick_export", 1),
    Periodic("Read prices and quantities back", "catalog.tasks.tick_read_back", 60),
    Periodic("Compare what the channel shows", "catalog.tasks.tick_compare", 1),
    Periodic("Work out quantities by rule", "catalog.tasks.tick_renew_quantities", 1),
    Periodic("Follow reviews", "catalog.tasks.tick_sync_reviews", 1),
    Periodic("Read listings of all shops", "catalog.tasks.tick_sync_all", 15),
    Periodic("Fetch waiting pictures", "catalog.tasks.tick_fetch_images", 15),
    Periodic("Say zero again", "catalog.tasks.tick_reassert_zero", 60),
    Periodic("Check quantities by rule", "catalog.tasks.tick_check_quantities", 24 * 60),
    Periodic("Refresh categories", "catalog.tasks.tick_taxonomy", 24 * 60),
    Periodic("Check expired certificates", "catalog.tasks.tick_certificates", 24 * 60),
    Periodic("Read orders", "orders.tasks.tick_pull_orders", 1),
    Periodic("Send tracking", "orders.tasks.tick_send_tracking", 1),
    Periodic("Buy labels", "orders.tasks.tick_buy_labels", 1),
    Periodic("Read cancellations and returns", "orders.tasks.tick_pull_aftersale", 2),
    Periodic("Tell decisions", "orders.tasks.tick_tell_decisions", 1),
    Periodic("Compare orders of the last days", "orders.tasks.tick_reconcile", 24 * 60),
    Periodic("Erase buyers' data", "orders.tasks.tick_erase_personal_data", 24 * 60),
    Periodic("Forget old looks at addresses", "orders.tasks.tick_forget_looks", 24 * 60),
    Periodic("Refresh tokens", "integrations.tasks.tick_refresh_tokens", 6 * 60),
    Periodic("Forget old calls", "integrations.tasks.prune_exchanges", 24 * 60),
    Periodic("Forget old background runs", "marketplace.kernel.bulk_tasks.prune", 24 * 60),
    Periodic("Forget finished queue entries", "marketplace.kernel.tasks.prune", 24 * 60),
)
