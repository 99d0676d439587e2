"""Make the groups of operations staff, and what each may do, equal to this table."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.core.management.base import BaseCommand, CommandError

VIEWED = {
    "catalog": (
        "merchant", "membership", "tag", "product", "variant", "identifier", "image", "video",
        "certificate", "sizechart", "complianceperson", "shop", "fulfillmentcenter",
        "channelwarehouse", "warehousemapping",
        "stocklevel", "stockmovement", "channelcategory", "categoryattribute", "listing",
        "listingattribute", "listingevent", "unlinkedlisting", "offer", "offerstock",
        "listingtemplate", "templateattribute", "templatecondition",
        "bundlecomponent", "drift", "exchangerate", "pricerule", "pricerun", "pricechange",
        "quantityrule",
    ),
    "orders": (
        "channelorder", "order", "orderline", "orderattention", "orderevent", "shipment",
        "shipmentline", "label", "labelline", "intakeproblem", "intakecursor",
        "cancellationrequest", "returnrequest", "returnline", "aftersaledecision",
        "aftersalecursor", "routingpolicy", "routingrule", "rulecenter",
    ),
    "integrations": ("exchange", "connection", "webhookdelivery"),
    "kernel": ("job", "heartbeat"),
}  # fmt: skip

VIEW = tuple(f"{app}.view_{model}" for app, models in VIEWED.items() for model in models)
LIST = (
    "catalog.add_product", "catalog.change_product", "catalog.add_variant",
    "catalog.change_variant", "catalog.delete_variant", "catalog.add_image",
    "catalog.change_image", "catalog.delete_image", "catalog.add_certificate",
    "catalog.change_certificate", "catalog.delete_certificate", "catalog.add_sizechart",
    "catalog.change_sizechart", "catalog.delete_sizechart", "catalog.add_complianceperson",
    "catalog.change_complianceperson", "catalog.add_identifier",
    "catalog.change_identifier", "catalog.delete_identifier", "catalog.add_tag",
    "catalog.change_tag", "catalog.add_listing", "catalog.change_listing",
    *(
        f"catalog.{verb}_{model}"
        for model in (
            "listingtemplate", "templateattribute", "templatecondition", "bundlecomponent",
        )
        for verb in ("add", "change", "delete")
    ),
)  # fmt: skip
CLERK = (
    "orders.change_order", "orders.add_shipment", "orders.change_shipment", "orders.add_label",
    "orders.view_address", "catalog.add_stockmovement", "orders.change_cancellationrequest",
    "orders.change_returnrequest", "orders.change_returnline",
    *(
        f"orders.{verb}_{model}"
        for model in ("routingpolicy", "routingrule", "rulecenter")
        for verb in ("add", "change", "delete")
    ),
)  # fmt: skip
PRICE = (
    "catalog.change_variant", "catalog.change_offer",
    *(
        f"catalog.{verb}_{model}"
        for model in ("pricerule", "exchangerate", "quantityrule")
        for verb in ("add", "change", "delete")
    ),
)  # fmt: skip

#: Every group but the last may view everything apart from people's addresses. The administrator
#: has every permission there is.
GROUPS = {
    "Viewer": VIEW,
    "Lister": (*VIEW, *LIST),
    "Order clerk": (*VIEW, *CLERK),
    "Pricing": (*VIEW, *PRICE),
}
ADMINISTRATOR = "Administrator"


class Command(BaseCommand):
    """Create the groups Viewer, Lister, Order clerk, Pricing and Administrator; may be repeated."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        """Set the permissions of every group."""
        for name, wanted in GROUPS.items():
            group, _ = Group.objects.get_or_create(name=name)
            group.permissions.set(_permissions(wanted))
            self._say(options, f"{name}: {len(set(wanted))} permissions")
        group, _ = Group.objects.get_or_create(name=ADMINISTRATOR)
        group.permissions.set(Permission.objects.all())
        self._say(options, f"{ADMINISTRATOR}: all permissions")

    def _say(self, options: dict[str, Any], text: str) -> None:
        if options["verbosity"]:
            self.stdout.write(text)


def _permissions(wanted: tuple[str, ...]) -> list[Permission]:
    found = {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in Permission.objects.select_related("content_type")
    }
    missing = sorted(set(wanted) - set(found))
    if missing:
        raise CommandError(f"There is no permission {', '.join(missing)}. Run “migrate” first.")
    return [found[name] for name in set(wanted)]
