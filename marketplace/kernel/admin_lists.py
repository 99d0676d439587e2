"""Lists of the admin: tabs with counts, and pages that cost the same for any number of rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.views.main import ORDER_VAR, PAGE_VAR, ChangeList
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

TAB_VAR = "tab"
#: Nobody counts beyond these: a tab then says “10,000+”, a list ends with its last page.
MOST_IN_TAB = 10_000
MOST_IN_LIST = 100_000

Rows = QuerySet[Any]


@dataclass(frozen=True)
class ListTab:
    """A named part of a list: what it is called, why a row is in it, and which rows are."""

    key: str
    label: str
    why: str
    rows: Callable[[Any], Rows]


@dataclass(frozen=True)
class TabLink:
    """A tab as the page shows it."""

    label: str
    url: str
    count: str
    is_current: bool


EMPTY_TAB = "No row is in this part of the list now."


def count_text(rows: Rows, most: int = MOST_IN_TAB) -> str:
    """How many rows there are, without counting beyond a bound."""
    found = capped_count(rows, most)
    return f"{most:,}+" if found > most else f"{found:,}"


def capped_count(rows: Rows, most: int = MOST_IN_TAB) -> int:
    """Count rows, and stop one after the bound."""
    return rows.order_by()[: most + 1].count()


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Pages through the first hundred thousand rows; further ones are found by search or filter."""

    @cached_property
    def count(self) -> int:
        return min(capped_count(self.object_list, MOST_IN_LIST), MOST_IN_LIST)  # type: ignore[arg-type]


class TabbedChangeList(ChangeList):
    """A list page whose tabs apply after search and filters, so that counts agree with rows."""

    model_admin: Any
    untabbed: Rows

    def get_filters_params(self, params: Any = None) -> Any:
        found = super().get_filters_params(params)
        found.pop(TAB_VAR, None)
        return found

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> Rows:
        rows: Rows = super().get_queryset(request, exclude_parameters)
        self.untabbed = rows
        self.tab = current_tab(self.model_admin.tabs, request)
        if self.tab is None:
            return rows
        found = self.tab.rows(rows)
        # A tab may bring its own order, which a click on a column header overrules.
        return found.order_by(*rows.query.order_by) if ORDER_VAR in self.params else found

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if not (self.query or self.has_active_filters or self._is_part()):
            # Else the header offers “Show all” where all are shown.
            self.full_result_count = self.result_count
        rows = list(self.result_list)
        self.model_admin.prepare_page(rows)
        self.result_list = rows

    def _is_part(self) -> bool:
        """Whether a tab hides some of the rows."""
        return self.tab is not None and self.tab != self.model_admin.tabs[0]

    def empty_words(self) -> str:
        """What to say where there is no row: the list's own hint, unless only this tab is empty."""
        hint: str = self.model_admin.empty_hint
        return hint if hint and not self._is_part() else EMPTY_TAB

    def tab_links(self) -> list[TabLink]:
        """The tabs with their counts; a search shows none, for counting them all takes too long."""
        return [
            TabLink(
                label=tab.label,
                url=self.get_query_string({TAB_VAR: tab.key}, [PAGE_VAR]),
                count="" if self.query else count_text(tab.rows(self.untabbed)),
                is_current=tab == self.tab,
            )
            for tab in self.model_admin.tabs
        ]


def current_tab(tabs: Sequence[ListTab], request: HttpRequest) -> ListTab | None:
    """The tab that the address asks for, else the first; None for a list without tabs."""
    wanted = request.GET.get(TAB_VAR, "")
    found = next((tab for tab in tabs if tab.key == wanted), None)
    return found or (tabs[0] if tabs else None)
