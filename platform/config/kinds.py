"""Who implements what: kind of thing → name → dotted path."""

KINDS: dict[str, dict[str, str]] = {}
