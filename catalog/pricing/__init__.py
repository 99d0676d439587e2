"""The price strategies there are; a new one is one file and one line here."""

from __future__ import annotations

from catalog.pricing.base import PriceStrategy
from catalog.pricing.mirror import Mirror
from catalog.pricing.velocity import SalesVelocity
from marketplace.kernel.registry import Registry

strategies: Registry[PriceStrategy] = Registry("price strategy")
strategies.register(Mirror.name, Mirror())
strategies.register(SalesVelocity.name, SalesVelocity())
