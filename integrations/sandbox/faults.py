"""Things that go wrong on demand: by call, so many times, with a chance."""

from __future__ import annotations

import random
import threading
from fnmatch import fnmatchcase
from typing import Any

from integrations.sandbox.store import Doc, Store

KINDS = {
    "rate_limit": "429 with code 36009002; `retry_after` seconds are sent when given",
    "error_500": "HTTP 500 with code 36009003; nothing is done",
    "error_503": "HTTP 503 without an envelope; nothing is done",
    "slow": "waits `seconds`, then answers as usual",
    "lost_answer": "does the work, then closes the connection without an answer",
    "gateway_timeout": "does the work, then answers HTTP 504 with code 36009007",
    "bad_token": "refuses the access token with code 105002",
    "missing_scope": "refuses with code 105005",
    "business_error": "refuses with HTTP 200 and `code`, `message`; nothing is done",
    "false_success": "answers as if it had worked; nothing is done",
    "review_failure": "the review of a product fails; `reason` is the text",
    "duplicate_webhook": "a notification is delivered twice",
    "late_webhook": "a notification is delivered `seconds` later",
    "repeated_rows": "the page after this one begins with the last `rows` of this one again",
    "index_lag": "what is younger than `seconds` is not found by searches yet",
}


class Faults:
    """The list of rules, kept with the state; each rule is used up by its count.

    The list in memory is the one that counts: a call that is refused undoes what it wrote, but not
    that its fault has struck.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._random = random.Random(1)
        self._lock = threading.Lock()
        self._rules: list[Doc] = store.setting("faults", [])

    def list(self) -> list[Doc]:
        """Return the rules that are in force."""
        return [*self._rules]

    def add(self, rule: Doc) -> Doc:
        """Add a rule: kind, and optionally method, path, count, probability and its own values."""
        if rule.get("kind") not in KINDS:
            raise ValueError(f"unknown fault {rule.get('kind')!r}; known: {', '.join(KINDS)}")
        kept = {"method": "*", "path": "*", "count": None, "probability": 1.0, **rule}
        kept["id"] = self._store.next_id()
        self._replace([*self._rules, kept])
        return kept

    def clear(self, rule_id: str | None = None) -> None:
        """Drop one rule, or all of them."""
        self._replace([rule for rule in self._rules if rule_id not in (None, rule["id"])])

    def _replace(self, rules: list[Doc]) -> None:
        self._rules = rules
        self._store.set_setting("faults", rules)

    def take(
        self, kind: str, method: str = "*", path: str = "*", *, subject: str = ""
    ) -> dict[str, Any] | None:
        """Return the rule that strikes now, and use it up by one.

        A rule with `match` strikes only where the subject, such as a title, contains it.
        """
        if not self._rules:
            return None
        with self._lock:
            rule = self._next(kind, method, path, subject)
        # Written after the lock is free: another thread may hold the store and want the lock.
        if rule is not None and rule["count"] is not None:
            self._store.set_setting("faults", self._rules)
        return rule

    def _next(self, kind: str, method: str, path: str, subject: str) -> Doc | None:
        for rule in self._rules:
            fits = rule["kind"] == kind and rule.get("match", "") in subject
            if fits and self._strikes(rule, method, path):
                self._use(rule)
                return rule
        return None

    def _strikes(self, rule: Doc, method: str, path: str) -> bool:
        fits_method = rule["method"] in ("*", method) or method == "*"
        fits_path = path == "*" or fnmatchcase(path, rule["path"])
        return fits_method and fits_path and self._random.random() < rule["probability"]

    def _use(self, rule: Doc) -> None:
        if rule["count"] is not None:
            rule["count"] -= 1
            self._rules = [kept for kept in self._rules if kept["count"] != 0]
