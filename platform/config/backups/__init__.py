"""Copies of the whole database: made daily or by hand, restored into an empty database, verified in a scratch one."""
