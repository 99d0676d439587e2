from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class Registry(Generic[T]):
    """Named providers of one port; filled once by each integration's `AppConfig.ready()`."""

    def __init__(self, what: str) -> None:
        self.what = what
        self._by_name: dict[str, T] = {}

    def register(self, name: str, provider: T) -> None:
        """Add a provider. A second one under the same name is a programming error."""
        if name in self._by_name:
            raise ValueError(f"{self.what} {name!r} is registered twice")
        self._by_name[name] = provider

    def get(self, name: str) -> T:
        """Return the provider of that name; `LookupError` names the ones that exist."""
        try:
            return self._by_name[name]
        except KeyError:
            known = ", ".join(sorted(self._by_name)) or "none"
            raise LookupError(f"no {self.what} {name!r}; there are: {known}") from None

    def names(self) -> list[str]:
        return sorted(self._by_name)

    def __contains__(self, name: str) -> bool:
        return name in self._by_name
