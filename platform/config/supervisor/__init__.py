"""`manage.py up`: starts, watches and stops everything that one installation needs."""
