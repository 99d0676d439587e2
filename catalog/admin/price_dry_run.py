"""What a price rule, saved or only typed, would do with prices; nothing is written (B12)."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core import serializers
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from catalog.admin.price_words import Sources, bounds_words
from catalog.models import Listing, PriceRule, Shop
from catalog.services import price_looks
from catalog.services.price_looks import Outlook
from catalog.services.repricing import DryRow
from marketplace.kernel.admin import BaseAdmin, changelist_url
from marketplace.kernel.admin_verbs import Selection, Verb, failure_text, recall
from marketplace.kernel.errors import Failure

PER_PAGE = 50
PAGE = "admin:catalog_pricerule_dry_run"
VIEW = "catalog.view_pricerule"
DRAFTS = "price_rule_drafts"
DRAFTS_KEPT = 5

OF_RULE = Verb("dry_run", "Dry run", VIEW, page=PAGE, button="Dry run")
OF_LISTINGS = Verb(
    "dry_run_prices",
    "Prices: Dry run of prices",
    VIEW,
    page=PAGE,
    button="Dry run of prices",
)


def keep_draft(request: HttpRequest, rule: PriceRule) -> str:
    """Remember a rule as it was typed, in the session; only the last few are kept."""
    drafts: dict[str, str] = request.session.get(DRAFTS, {})
    token = uuid.uuid4().hex
    drafts[token] = serializers.serialize("json", [rule])
    for old in list(drafts)[:-DRAFTS_KEPT]:
        del drafts[old]
    request.session[DRAFTS] = drafts
    return token


def draft_of(request: HttpRequest, token: str) -> PriceRule | None:
    """The rule as it was typed; its row, if it has one, is untouched."""
    text = request.session.get(DRAFTS, {}).get(token)
    if not text:
        return None
    rule: Any = next(iter(serializers.deserialize("json", text))).object
    shop = Shop.objects.select_related("merchant").filter(pk=rule.shop_id).first()
    if shop is None:
        return None
    rule.shop = shop
    found: PriceRule = rule
    return found


def dry_run_view(request: HttpRequest, token: str, model_admin: BaseAdmin) -> HttpResponse:
    """A table of prices before and after a rule: over its scope, or over selected listings."""
    if not request.user.has_perms([VIEW, "catalog.view_listing"]):
        raise PermissionDenied
    draft = draft_of(request, token)
    listings, rules = recall(request, Listing, token), recall(request, PriceRule, token)
    if draft is None and listings is None and rules is None:
        messages.error(request, "This selection is no longer known. Select the rows again.")
        return HttpResponseRedirect(changelist_url(PriceRule))
    if rules is not None and len(rules.ids) > 1:
        messages.error(request, "Select one rule for a dry run; rules are tried one at a time.")
        return HttpResponseRedirect(rules.back)
    offered = _rules_to_try(listings)
    rule = draft or _saved(request, rules, offered)
    context = {
        "back": (listings or rules or Selection([], _form_url(draft, token))).back,
        "rule": rule,
        "is_draft": draft is not None,
        "listings": None if listings is None else len(listings.ids),
        "offered": offered,
    }
    if rule is not None:
        try:
            context |= _table(request, rule, listings)
        except Failure as error:
            context["problem"] = failure_text(error)
        context |= _actions(request, rule, token if draft else "")
    return model_admin.page(request, "admin/price_dry_run.html", "Dry run of prices", **context)


def _rules_to_try(listings: Selection | None) -> list[PriceRule]:
    """The rules of the shops of selected listings."""
    if listings is None:
        return []
    rules = PriceRule.objects.filter(shop__listings__in=listings.ids).distinct()
    return list(rules.select_related("shop__merchant", "listing__product", "tag")[:PER_PAGE])


def _saved(
    request: HttpRequest, rules: Selection | None, offered: list[PriceRule]
) -> PriceRule | None:
    """The saved rule that is tried: the selected one, the one asked for, or the only one."""
    if rules is not None:
        related = PriceRule.objects.select_related("shop__merchant", "listing__product", "tag")
        return related.filter(pk__in=rules.ids).first()
    if len(offered) == 1:
        return offered[0]
    wanted = request.GET.get("rule", "")
    return next((rule for rule in offered if str(rule.pk) == wanted), None)


def _table(request: HttpRequest, rule: PriceRule, listings: Selection | None) -> dict[str, Any]:
    offers = price_looks.offers_of(rule, None if listings is None else listings.ids)
    count = min(offers.count(), price_looks.MOST_TRIED)
    page = Paginator(range(count), PER_PAGE).get_page(request.GET.get("page"))
    start = (page.number - 1) * PER_PAGE
    found = price_looks.outlook(rule, offers, timezone.now(), page=range(start, start + PER_PAGE))
    return {
        "page": page,
        "found": found,
        "rows": [_cells(row) for row in found.rows],
        "reasons": found.reasons.most_common(5),
        "in_words": Sources([rule]).describe(rule),
        "bounds": bounds_words(rule),
        "charts": _charts(rule, found) if found.pairs else {},
    }


def _cells(row: DryRow) -> dict[str, Any]:
    percent = None
    if row.change and row.current and row.current.amount:
        percent = row.change / row.current.amount * 100
    return {"row": row, "percent": percent, "catalog": row.offer.variant}


def _charts(rule: PriceRule, found: Outlook) -> dict[str, Any]:
    """Present prices against new ones, cheapest first; and how many move by how much."""
    pairs = found.sampled()
    groups = found.groups()
    return {
        "before_after": {
            "kind": "line",
            "labels": [str(place) for place in range(1, len(pairs) + 1)],
            "unit": rule.shop.currency,
            "series": [
                {"name": "Now", "color": "gray", "values": [now for now, _ in pairs]},
                {"name": "New", "color": "violet", "values": [new for _, new in pairs]},
            ],
        },
        "moves": {
            "kind": "bar",
            "labels": [name for name, _ in groups],
            "series": [
                {"name": "Prices", "color": "violet", "values": [count for _, count in groups]}
            ],
        },
    }


def _actions(request: HttpRequest, rule: PriceRule, draft: str) -> dict[str, Any]:
    """What may be done from here: go on with what was typed, or run the saved rule."""
    if not request.user.has_perm("catalog.change_pricerule"):
        return {}
    if draft:
        return {"form_url": _form_url(rule, draft)}
    return {"run_url": changelist_url(PriceRule), "rule_url": _form_url(rule, "")}


def _form_url(rule: PriceRule | None, draft: str) -> str:
    """The form of a rule, filled in as it was typed."""
    if rule is None:
        return changelist_url(PriceRule)
    query = f"draft={draft}" if draft else ""
    if rule.pk:
        url = reverse("admin:catalog_pricerule_change", args=[rule.pk])
        return f"{url}?{query}" if query else url
    return f"{reverse('admin:catalog_pricerule_add')}?shop={rule.shop_id}&{query}"
