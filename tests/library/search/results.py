"""The results of a search as tests read them."""

from tests.factories import Properties, attack_object
from tests.library.pages import LIBRARY, Element

SEARCH = f"{LIBRARY}/search"


def group(attack_id: str, name: str, *aliases: str) -> Properties:
    return attack_object("intrusion-set", attack_id, name, aliases=[name, *aliases])


def found(page: Element) -> list[str]:
    """The IDs of the results in their order."""
    entries = page.one(id="results").all("article", css="entry")
    return [entry.one("h2").one(css="attack-id").words for entry in entries]
