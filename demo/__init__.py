"""A whole day of a merchant against the bundled TikTok Shop sandbox: `python -m demo`."""
