"""What the catalog needs from a channel that asks for documents and for persons (GPSR, B25).

The exceptions of `catalog.ports` hold here too: `Refused`, `TryLater`, `Reconnect`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from catalog.models import Shop
from marketplace.kernel.errors import Refused
from marketplace.kernel.registry import Registry


class PersonGone(Refused):
    """The channel knows no person by this id any more; one that fits must be found or made."""


@dataclass(frozen=True)
class PersonDraft:
    """Who made a product, or who answers for it in the EU, as a channel is told."""

    kind: str  # catalog.models.PersonKind
    name: str
    email: str
    phone_country_code: str  # such as +49
    phone_number: str
    street: str
    postal_code: str
    country: str  # ISO, two letters
    street2: str = ""
    city: str = ""
    province: str = ""


class ComplianceChannel(Protocol):
    """Takes documents, manufacturers and responsible persons."""

    def upload_document(self, shop: Shop, content: bytes, *, name: str) -> str:
        """Put a PDF on the channel and return its id."""
        ...

    def find_person(self, shop: Shop, person: PersonDraft) -> str:
        """Return the id of the person of this kind, name and e-mail, or an empty text."""
        ...

    def create_person(self, shop: Shop, person: PersonDraft) -> str:
        """Make a person known and return the id. It is not safe to repeat without a look-up."""
        ...

    def edit_person(self, shop: Shop, external_id: str, person: PersonDraft) -> None:
        """Overwrite what is known of a person. Raises `PersonGone` if the id is unknown."""
        ...


compliance_channels: Registry[ComplianceChannel] = Registry("compliance channel")
