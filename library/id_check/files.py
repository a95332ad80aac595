"""A check as files: CSV, JSON, and the Navigator layer that was given for the newer release."""

from collections import Counter
from collections.abc import Iterator

import orjson

from library.files.shape import LinkedObject
from library.files.sheets import Sheet
from library.id_check.layers import Step, Upgrade
from library.id_check.pages import TITLE, Checked, Linked, Row
from library.id_check.shape import CheckedId, IdCheckFile, LayerEntry, LayerUpgrade

COLUMNS = (
    *("ID", "Read from", "Count", "Verdict", "Weight", "Changes", "Type", "Name", "Domains"),
    *("Replaced by", "Use now", "Near matches", "Mapped to", "Compared with", "Address"),
)


def sheet(checked: Checked, site: str) -> Sheet:
    """The IDs as a table, in the order in which they first appear."""
    return Sheet("id-check", TITLE, COLUMNS, _rows(checked, site))


def _rows(checked: Checked, site: str) -> Iterator[tuple[str, ...]]:
    releases = checked.releases
    for row in checked.rows:
        outcome, own = row.outcome, row.object
        yield (
            outcome.attack_id,
            ", ".join(row.spellings),
            str(outcome.count),
            outcome.verdict.label,
            outcome.weight or "",
            "; ".join(outcome.phrases),
            own.kind.label if own else "",
            outcome.name,
            ", ".join(outcome.domains),
            " → ".join(_told(step) for step in row.chain),
            row.stands_for.attack_id if row.stands_for else "",
            ", ".join(_told(each) for each in row.near),
            releases.before,
            releases.after,
            f"{site}{own.href}" if own else "",
        )


def _told(linked: Linked) -> str:
    status = f" ({linked.status.lower()})" if linked.status else ""
    return f"{linked.attack_id} {linked.name}{status}"


def json_file(checked: Checked, site: str, schema: str) -> bytes:
    """The check as JSON, of the shape `IdCheckFile`."""
    releases, page, found = checked.releases, checked.page, checked.found
    counts = Counter(row.outcome.verdict.slug for row in checked.rows)
    made = IdCheckFile(
        url=site + checked.path,
        mapped_to=releases.before,
        compared_with=releases.after,
        domains=releases.labels,
        mentions=found.mentions,
        distinct=found.distinct,
        unlisted=len(found.unlisted),
        unlisted_is_cut=found.is_cut,
        counts=dict(counts),
        weights={weight.value: count for weight, count in checked.weights.items()},
        ids=[_checked(row, site) for row in checked.rows],
        layer=_layer(checked.upgrade) if checked.upgrade else None,
        layer_trouble=checked.layer_trouble,
        citation=f"{page.citation} {site}{checked.path}",
        notice=page.notice,
    )
    # A name in a layer may hold half of a character, which no UTF-8 can.
    head = orjson.dumps({"$schema": schema})
    return head.removesuffix(b"}") + b"," + orjson.dumps(made).removeprefix(b"{")


def _checked(row: Row, site: str) -> CheckedId:
    outcome = row.outcome
    return CheckedId(
        attack_id=outcome.attack_id,
        read_from=list(row.spellings),
        count=outcome.count,
        verdict=outcome.verdict.slug,
        weight=outcome.weight or "",
        changes=list(outcome.phrases),
        object=_linked(row.object, site) if row.object else None,
        domains=outcome.domains,
        replaced_by=[_linked(step, site) for step in row.chain],
        stands_for=_linked(row.stands_for, site) if row.stands_for else None,
        near=[_linked(each, site) for each in row.near],
        differences_url=site + row.differences_href if row.differences_href else "",
    )


def _linked(linked: Linked, site: str) -> LinkedObject:
    return LinkedObject(
        type=linked.kind.label,
        attack_id=linked.attack_id,
        name=linked.name,
        stix_id=linked.stix_id,
        url=site + linked.href,
    )


def _layer(upgrade: Upgrade) -> LayerUpgrade:
    return LayerUpgrade(
        upgrade.layer.name,
        upgrade.kept,
        [_entry(step) for step in upgrade.moved],
        [_entry(step) for step in upgrade.left],
        upgrade.notes,
    )


def _entry(step: Step) -> LayerEntry:
    return LayerEntry(step.technique_id, step.tactic, step.became, step.why)
