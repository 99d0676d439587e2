"""What can be done with listings that are on the channel, each asked twice."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Count
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldBooleanSwitchWidget

from catalog.models import Listing, Shop
from catalog.states import ListingState
from marketplace.kernel.admin_verbs import InBulk, Verb, VerbForm

CHANGE = "catalog.change_listing"
DELETE = "catalog.delete_listing"
#: A person waits for one call to the channel; more go in the background.
MOST_AT_ONCE = 20


class ConfirmForm(VerbForm):
    """Says how many listings of which shops are meant, and asks whether that is understood."""

    understood = forms.BooleanField(
        label="I understand",
        widget=UnfoldBooleanSwitchWidget,
        error_messages={"required": "Tick it to go on, or cancel."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.count = self.rows.count()

    def preview(self) -> list[str]:
        """Say what is meant, shop by shop and state by state."""
        found = self.rows.order_by("shop").values("shop", "state").annotate(number=Count("pk"))
        shops = Shop.objects.in_bulk([row["shop"] for row in found])
        lines: dict[Shop, list[str]] = {}
        for row in found:
            words = f"{row['number']:,} {ListingState(row['state']).label}"
            lines.setdefault(shops[row["shop"]], []).append(words)
        return [f"{shop}: {', '.join(words)}." for shop, words in lines.items()]


class DeleteForm(ConfirmForm):
    """Deleting asks for the number of listings too."""

    field_order = ("number", "understood")
    number = forms.IntegerField(
        label="How many listings are deleted?", widget=UnfoldAdminIntegerFieldWidget
    )

    def clean_number(self) -> int:
        """The number must be the one that is selected."""
        number: int = self.cleaned_data["number"]
        if number != self.count:
            raise forms.ValidationError(f"Selected are {self.count:,}, not {number:,}.")
        return number


def is_on_channel(row: Listing) -> bool:
    return bool(row.external_id) and row.state not in (
        ListingState.QUEUED,
        ListingState.PUBLISHING,
    )


VERBS = (
    Verb(
        name="deactivate",
        label="More actions: Deactivate on the channel",
        in_bulk=InBulk("deactivate", at_once=MOST_AT_ONCE),
        permission=CHANGE,
        form=ConfirmForm,
        button="Deactivate on the channel",
        applies=lambda row: row.state == ListingState.ACTIVE,
        explanation="Buyers no longer find them. They stay on the channel and can be activated "
        "again, which costs another review.",
    ),
    Verb(
        name="activate",
        label="More actions: Activate on the channel",
        in_bulk=InBulk("activate", at_once=MOST_AT_ONCE),
        permission=CHANGE,
        form=ConfirmForm,
        button="Activate on the channel",
        applies=lambda row: bool(row.external_id) and row.state == ListingState.INACTIVE,
        explanation="The channel reviews them before buyers see them. Each counts as an upload "
        "where the shop has a daily limit.",
    ),
    Verb(
        name="unlink",
        label="More actions: Unlink from the channel's listing",
        in_bulk=InBulk("unlink"),
        permission=CHANGE,
        form=ConfirmForm,
        button="Unlink",
        applies=is_on_channel,
        explanation="The channel's listing stays as it is, on sale if it is on sale, but nothing "
        "is sent to it any more: no price, no quantity. It appears under Unlinked listings, where "
        "it can be linked with another product. This one is not published again until it is "
        "linked or ignored.",
    ),
    Verb(
        name="delete_on_channel",
        label="More actions: Delete on the channel",
        in_bulk=InBulk("delete_on_channel", at_once=MOST_AT_ONCE),
        permission=DELETE,
        form=DeleteForm,
        button="Delete on the channel",
        applies=is_on_channel,
        explanation="The channel's listings are gone, and buyers no longer find them. Products, "
        "stock and orders stay here; the listings become staged listings again.",
    ),
)
