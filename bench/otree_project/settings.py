"""oTree's settings of the project that `make bench` measures: one app, people only, no debug."""

from os import environ

SESSION_CONFIGS = [
    {"name": "trust", "display_name": "Trust game", "app_sequence": ["trust"], "num_demo_participants": 2},
    {"name": "talk", "display_name": "Conversation", "app_sequence": ["talk"], "num_demo_participants": 2},
]
SESSION_CONFIG_DEFAULTS = {"real_world_currency_per_point": 0.0001, "participation_fee": 2.00, "doc": ""}
LANGUAGE_CODE = "en"
REAL_WORLD_CURRENCY_CODE = "GBP"
USE_POINTS = True
ADMIN_USERNAME = "admin"
ADMIN_PASSWORD = environ.get("OTREE_ADMIN_PASSWORD", "")
SECRET_KEY = environ.get("BENCH_OTREE_SECRET", "only for measuring on this machine")
