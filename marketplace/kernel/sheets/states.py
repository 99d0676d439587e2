"""The legal moves of an imported sheet."""

from __future__ import annotations

from marketplace.kernel.models import SheetState
from marketplace.kernel.states import Machine

sheet_machine = Machine(
    SheetState,
    {
        SheetState.CHECKING: {SheetState.CHECKED, SheetState.FAILED, SheetState.DISCARDED},
        SheetState.CHECKED: {SheetState.APPLYING, SheetState.CHECKING, SheetState.DISCARDED},
        # Back to a decision if rows changed meanwhile; then nothing was applied.
        SheetState.APPLYING: {SheetState.APPLIED, SheetState.CHECKED},
        SheetState.APPLIED: {SheetState.UNDOING},
        SheetState.UNDOING: {SheetState.UNDONE, SheetState.APPLIED},
        SheetState.UNDONE: set(),
        SheetState.FAILED: {SheetState.CHECKING, SheetState.DISCARDED},
        SheetState.DISCARDED: set(),
    },
)
