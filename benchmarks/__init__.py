"""How fast it is, each figure beside what the same machine can do at best. Not tests."""
