"""TikTok Shop: the first sales channel."""
