"""The corpus: a module a category. What is `replayed` is a request, so it has a form of its own."""

from tests.hostile.corpus import encoded, injected, malformed, mistyped, nested, oversized
from tests.hostile.corpus.category import LEAST, Category, Value

__all__ = ["CATEGORIES", "LEAST", "Category", "Value"]

CATEGORIES: dict[str, Category] = {
    "malformed": malformed.CATEGORY,
    "oversized": oversized.CATEGORY,
    "nested": nested.CATEGORY,
    "encoded": encoded.CATEGORY,
    "injected": injected.CATEGORY,
    "mistyped": mistyped.CATEGORY,
}
