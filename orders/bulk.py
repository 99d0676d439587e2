"""What is done to thousands of orders at a time: kinds of bulk runs, each one service call."""

from __future__ import annotations

from collections import Counter
from typing import Any

from marketplace.kernel.batch import BatchReport
from marketplace.kernel.bulk import by_chunks
from orders.services import held
from orders.tasks import nudge_exports

#: Where the rules of a shop changed.
LOOK_AGAIN = "look_again_at_orders"
STILL_WAITS = "still waiting, for the reason on its page"


@by_chunks(LOOK_AGAIN, permission="orders.change_routingpolicy", chunk=held.TOGETHER)
def look_again(ids: list[int], given: dict[str, Any], by: str) -> BatchReport:
    """Decide again for order parts that wait, by the rules as they are now."""
    released = held.look_again(ids, by=by)
    nudge_exports(released.variant_ids)
    left = len(ids) - released.orders
    return BatchReport("Let go on", released.orders, Counter({STILL_WAITS: left} if left else {}))
