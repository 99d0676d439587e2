"""Verbs of the admin: one service call for many rows, at once or after a form.

What was selected is kept in the session, so a form may be reloaded and ten thousand rows do not
travel through the browser. Over many rows a verb goes on in the background, and the person is
brought to a page that shows how far it is.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from marketplace.kernel import bulk
from marketplace.kernel.batch import BatchReport
from marketplace.kernel.bulk_tasks import begin
from marketplace.kernel.errors import Failure
from marketplace.kernel.models import BulkRun

MOST_SELECTED = 20_000
#: A person waits for so many rows; more are treated in the background.
MOST_AT_ONCE = 300
SESSION_KEY = "admin_selections"
SELECTIONS_KEPT = 5
BACK_FIELD = "_back"
LOOK_FIELD = "_look"

Outcome = BatchReport | str
#: A verb that began a run in the background leads to that run's page.
Run = Callable[[HttpRequest, list[int], dict[str, Any]], Outcome | BulkRun]


class VerbForm(forms.Form):
    """What a verb asks before it acts; `rows` are the selected ones.

    A subclass may raise `Refused` while it is built if these rows cannot be treated together.
    """

    #: The words on a second button that only shows the preview of what was chosen.
    look_button = ""

    def __init__(
        self, *args: Any, rows: QuerySet[Any], request: HttpRequest, **kwargs: Any
    ) -> None:
        self.rows = rows
        self.request = request
        super().__init__(*args, **kwargs)

    def is_valid(self) -> bool:
        """Nothing is carried out while a person only looks."""
        return LOOK_FIELD not in self.data and super().is_valid()

    def preview(self) -> list[str]:
        """Sentences about what will happen, above the button."""
        return []


@dataclass(frozen=True)
class InBulk:
    """How a verb is carried out over any number of rows, by a registered kind of bulk run.

    `given` turns a form's cleaned data into plain JSON (rows as their ids) and may do what is to
    be done once, such as a call to the channel; it may raise a `Failure`. `rows` turns the
    selected ids into those of the rows to treat; `about` names the form's choice in a few words.
    """

    kind: str
    at_once: int = MOST_AT_ONCE
    given: Callable[[dict[str, Any]], dict[str, Any]] = lambda cleaned: {}
    rows: Callable[[list[int]], list[int]] = lambda ids: ids
    about: Callable[[dict[str, Any]], str] = lambda cleaned: ""


@dataclass(frozen=True)
class Verb:
    """Something a person can do to selected rows, and on the page of one if `button` is named.

    It has a `run`, a way `in_bulk`, or both: then `run` treats the few rows that a person waits
    for. A verb without a permission is open to whoever sees the list. A verb with a `page` changes
    nothing: it leads to the admin's page of that name, with the token of the kept selection.
    """

    name: str
    label: str
    permission: str
    run: Run | None = None
    in_bulk: InBulk | None = None
    form: type[VerbForm] | None = None
    button: str = ""
    page: str = ""
    explanation: str = ""
    applies: Callable[[Any], bool] = lambda row: True

    @property
    def title(self) -> str:
        """The label without the group that it stands under in the list of actions."""
        return self.label.split(": ", 1)[-1]

    def is_open_to(self, user: AbstractBaseUser | AnonymousUser) -> bool:
        return not self.permission or user.has_perm(self.permission)  # type: ignore[union-attr]


@dataclass(frozen=True)
class Selection:
    """Rows that a person selected, and the page to return to."""

    ids: list[int]
    back: str


def keep(request: HttpRequest, model: type[Model], selection: Selection) -> str:
    """Remember a selection in the session; only the last few are kept."""
    kept: dict[str, Any] = request.session.get(SESSION_KEY, {})
    token = uuid.uuid4().hex
    kept[token] = [model._meta.label_lower, selection.ids, selection.back]
    for old in list(kept)[:-SELECTIONS_KEPT]:
        del kept[old]
    request.session[SESSION_KEY] = kept
    return token


def recall(request: HttpRequest, model: type[Model], token: str) -> Selection | None:
    """The selection of that token, or None if it is another list's or too old."""
    label, ids, back = request.session.get(SESSION_KEY, {}).get(token, ("", [], ""))
    return Selection(ids, back) if label == model._meta.label_lower else None


def where_to_return(request: HttpRequest) -> str:
    """The page that a verb was called from."""
    back = request.POST.get(BACK_FIELD, "")
    is_ours = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
    return back if back and is_ours else request.get_full_path()


def carry_out(
    request: HttpRequest, verb: Verb, selection: Selection, cleaned: dict[str, Any]
) -> str:
    """Run a verb and tell the person what came of it; return the address to go to."""
    try:
        if verb.in_bulk:
            outcome = _do_in_bulk(request, verb, verb.in_bulk, selection, cleaned)
        else:
            outcome = _run(verb)(request, selection.ids, cleaned)
    except Failure as error:
        messages.error(request, failure_text(error))
        return selection.back
    if isinstance(outcome, BulkRun):
        return run_url(outcome)
    _tell(request, outcome)
    return selection.back


def _do_in_bulk(
    request: HttpRequest,
    verb: Verb,
    way: InBulk,
    selection: Selection,
    cleaned: dict[str, Any],
) -> Outcome | BulkRun:
    ids = way.rows(selection.ids)
    if len(ids) <= way.at_once and verb.run:
        return verb.run(request, selection.ids, cleaned)
    given = way.given(cleaned)
    if len(ids) <= way.at_once:
        return bulk.at_once(way.kind, ids, given, by=who(request))
    about = way.about(cleaned)
    return begin(
        way.kind,
        ids,
        given,
        label=f"{verb.title}: {about}" if about else verb.title,
        user=request.user,  # type: ignore[arg-type]
        back=selection.back,
    )


def _run(verb: Verb) -> Run:
    if verb.run is None:
        raise TypeError(f"the verb “{verb.name}” has nothing to run")
    return verb.run


def _tell(request: HttpRequest, outcome: Outcome) -> None:
    if isinstance(outcome, str):
        messages.success(request, outcome)
    elif outcome.is_clean:
        messages.success(request, outcome.summary())
    else:
        messages.warning(request, outcome.summary())


def failure_text(error: Failure) -> str:
    """The failure's words, with the ids to quote when asking about it."""
    ids = [
        f"{word} {value}"
        for word, value in (("code", error.code), ("request", error.request_id))
        if value
    ]
    return f"{error.message} ({', '.join(ids)})" if ids else error.message


def run_url(run: BulkRun) -> str:
    """The page that shows how far a background run is."""
    return reverse("admin:kernel_bulkrun_change", args=[run.pk])


def verb_url(model: type[Model], verb: Verb, token: str) -> str:
    opts = model._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_verb", args=[verb.name, token])


def who(request: HttpRequest) -> str:
    """The name under which a change is written down."""
    return str(request.user.get_username())
