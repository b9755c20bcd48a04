"""The ways by which answers come to a touchpoint; each can be closed."""

WIDGET, PAGE, LINK, TABLET, KEY = ALL = ("widget", "page", "link", "tablet", "key")
STRANGERS = frozenset({WIDGET, PAGE})  # without a key, a link or a tablet; what is closed to them they never hear of
