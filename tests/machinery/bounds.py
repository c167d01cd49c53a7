"""What a count without a failure says about the rate of failures."""


def bound(problems: int, trials: int, what: str) -> str:
    """In words. By the rule of three, without a failure in n trials the rate is below 3/n with 95 % confidence.

    Args:
        what: Plural, such as "kills".
    """
    if problems or not trials:
        return f"{problems} problems in {trials} {what}"
    return f"0 problems in {trials} {what}: at 95 %, fewer than 3/{trials} = {300 / trials:.2g} % of {what} cause one"
