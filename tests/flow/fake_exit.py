def settle(p):
    return None


def page(s):
    return None
