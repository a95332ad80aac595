"""How alike two folded names are."""


def grams(name: str) -> set[str]:
    """The groups of three letters of a folded name, its ends marked by spaces."""
    padded = f"  {name} "
    return {padded[at : at + 3] for at in range(len(padded) - 2)}


def alike_by(wanted: set[str], own: set[str]) -> float:
    """How much of two names' groups of letters is common to them, from 0 to 1 (Dice)."""
    return 2 * len(wanted & own) / (len(wanted) + len(own))


def is_slip(typed: str, meant: str) -> bool:
    """Whether two words differ in one letter left out or put in, or two that changed places."""
    shorter, longer = sorted((typed, meant), key=len)
    if len(longer) - len(shorter) > 1 or typed == meant:
        return False
    at = next(
        (n for n, pair in enumerate(zip(shorter, longer, strict=False)) if pair[0] != pair[1]),
        len(shorter),
    )
    if len(shorter) < len(longer):
        return shorter[at:] == longer[at + 1 :]
    return (
        shorter[at : at + 2] == longer[at : at + 2][::-1] and shorter[at + 2 :] == longer[at + 2 :]
    )
