"""Words of messages: one thing is not "1 things", and a sentence begins with a capital."""


def counted(count: int, thing: str) -> str:
    """Return how many of a thing there are, in words.

    >>> counted(1, "rate"), counted(0, "call"), counted(1_200, "entry")
    ('1 rate', '0 calls', '1,200 entries')
    """
    if count == 1:
        return f"1 {thing}"
    return f"{count:,} {thing[:-1]}ies" if thing.endswith("y") else f"{count:,} {thing}s"


def sentence(words: str) -> str:
    """Return *words* with a capital at the beginning."""
    return words[:1].upper() + words[1:]
