"""What the console says in place of words that only the command's user can do something with."""

from typing import Final

# The pipeline's own words, which are those of `import_attack`, and the console's.
IN_CONSOLE: Final = {
    "say it with --domain": "say it beside Retry",
    "say it with --release": "say it beside Retry",
    "say another --release": "say another release beside Retry",
    "(--json lists all)": "(the list of findings has all that are imported)",
}


def in_console(sentence: str) -> str:
    """A sentence of the pipeline as the console says it."""
    for said, shown in IN_CONSOLE.items():
        sentence = sentence.replace(said, shown)
    return sentence


def asks_for_a_hint(problem: str) -> bool:
    """Whether a run failed for want of a domain or release that its admin can say."""
    return "beside Retry" in problem
