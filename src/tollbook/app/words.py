"""Counts in words: one thing is not "1 things"."""


def counted(count: int, thing: str) -> str:
    """Return how many of a thing there are, in words.

    >>> counted(1, "rate"), counted(0, "call"), counted(1_200, "entry")
    ('1 rate', '0 calls', '1,200 entries')
    """
    if count == 1:
        return f"1 {thing}"
    return f"{count:,} {thing[:-1]}ies" if thing.endswith("y") else f"{count:,} {thing}s"
