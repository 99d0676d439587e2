"""The toolkit every adapter sends with: bytes, failures, budget, log."""
