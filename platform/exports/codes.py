"""The names that tables are joined by. Made of random codes and of counts, never of primary keys."""


def seat_code(group: str, number: int) -> str:
    """ "g0123456789-3": the third seat of a group."""
    return f"{group}-{number}"


def match_code(group: str, round_number: int, number: int) -> str:
    """ "g0123456789.2.1": the first match of a group's second round."""
    return f"{group}.{round_number}.{number}"
