"""What is told of models and files from elsewhere that cannot be used."""


class ForeignError(ValueError):
    """A model or a file from elsewhere cannot be used; one line names it and says what is wrong.

    >>> str(ForeignError("a.pt is damaged\\n  in line 1"))
    'a.pt is damaged in line 1'
    """

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))
