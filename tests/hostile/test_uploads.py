"""Names of uploads against the corpus: shown as what they are, and used for nothing else.

What an upload holds is tried in `test_runs.py`, the other fields of its form in `test_forms.py`.
"""

import pytest
from django.urls import reverse

from importer.models import ImportRun
from importer.runs import spool
from tests.factories import mitigation
from tests.hostile.corpus import CATEGORIES, LEAST
from tests.hostile.corpus.category import bundle
from tests.hostile.corpus.replayed import FIELD, TOKEN, new_client
from tests.hostile.digest import digest
from tests.hostile.pages import text_of
from tests.hostile.test_pages import SESSIONS, check
from tests.hostile.test_runs import RUNS
from tests.hostile.world import World
from tests.importer.console.test_upload import END, FORM, part

pytestmark = pytest.mark.django_db
CONTENT = bundle(mitigation("M1000", "Measure"))


@pytest.mark.parametrize("category", CATEGORIES)
@pytest.mark.parametrize("where", ["file", "field"])
def test_name_of_an_upload_does_nothing_when_it_is_hostile(
    where: str, category: str, world: World
) -> None:
    client, upload = new_client(world.staff), reverse("admin:import-upload")
    before, old = digest(SESSIONS, *RUNS), set(ImportRun.objects.values_list("pk", flat=True))
    values = list(CATEGORIES[category].values.items())
    assert len(values) >= LEAST
    for called, value in values:
        name = text_of(value)
        named = part("bundle", CONTENT, name) if where == "file" else part(name, CONTENT, "a.json")
        answer = client.generic("POST", upload, part(FIELD, TOKEN.encode()) + named + END, FORM)
        check(answer, called)
        assert answer.status_code in {302, 400, 403}, called
    made = ImportRun.objects.exclude(pk__in=old)
    assert sorted(path.name for path in spool.folder().iterdir()) == sorted(
        made.values_list("stored_as", flat=True)
    )
    assert (where == "file") == made.exists()
    for run in made:
        assert spool.NAME_FORM.fullmatch(run.stored_as), run.source_name
        check(
            client.get(reverse("admin:importer_importrun_change", args=[run.pk])), run.source_name
        )
    assert digest(SESSIONS, *RUNS) == before
