"""The one exception of `config`: this installation cannot start or serve."""


class SetupError(Exception):
    """Something of the installation is not as it must be.

    Attributes:
        code: For programs, such as "port_busy".
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
