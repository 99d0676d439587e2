"""Sheets go out, are edited by people, and come back: checked, applied whole, undone (B15, R28)."""
