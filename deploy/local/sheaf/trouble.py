"""The one way the command says no: what went wrong, and what to do about it."""


class Trouble(Exception):  # noqa: N818 - the bank's operator reads a trouble and its remedy, not an error
    """Something an operator can put right; printed without a traceback."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(f"{message}\n{remedy}" if remedy else message)
        self.message = message
        self.remedy = remedy
