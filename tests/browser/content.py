"""What the browser tests add to the sample: enough for several pages, and what strains a layout."""

from tests.factories import (
    Properties,
    attack_object,
    mitigation,
    relationship,
    stix_object,
    tactic,
    technique,
)

# The object that an analyst has written on.
WRITTEN = "Filter Network Traffic"
# The one of ICS whose definition changed since.
REWRITTEN = "Network Segmentation"
MEASURES = 30
LONG_WORD = "Pneumonoultramicroscopicsilicovolcanoconiosis" * 3
LONG_LINE = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\" * 3
FOLDED = "These words are in the folded part."
STRAIN = "M9900"
REVOKED, REPLACEMENT, DEPRECATED = "M9902", "M9903", "T1105"
UNKNOWN = stix_object(
    "x-mitre-novelty", "A novelty", description="Of a type yet to come.", x_mitre_of=[1]
)

# How many techniques stand under each tactic of a matrix as large as the largest there is.
WIDE = (11, 8, 11, 17, 23, 14, 47, 17, 34, 9, 17, 18, 9, 15)
WIDE_GROUP = "G9901"
LONG_PLATFORM = f"Appliance of {'very long names and ' * 12}more"
WORDS = (
    *("Exploitation", "Scheduled", "Infrastructure", "Discovery", "Remote", "Modification"),
    *("Boot", "Authentication", "Proxy", "Interpreter", "Removable", "Instrumentation", "Data"),
)


def more_of_ics(sample: list[Properties]) -> list[Properties]:
    """The sample's objects of ICS and more, all of one bundle."""
    kept = [
        found | {"description": "Rewritten."} if found.get("name") == REWRITTEN else found
        for found in sample
        if found["type"] != "x-mitre-collection"
    ]
    return [*kept, *_measures(), *_strain(), *_revoked(), UNKNOWN]


def written_on(ics: list[Properties]) -> list[Properties]:
    """The objects of ICS with Takes: one that strains a layout, and one that is revoked."""
    return [found for found in ics if attack_id_of(found) in {STRAIN, REVOKED}]


def attack_id_of(found: Properties) -> str:
    return str(found.get("external_references", [{}])[0].get("external_id", ""))


def _measures() -> list[Properties]:
    text = "A first paragraph that stands open.\n\n" + "- Use Case: to fold.\n" * 12 + "- " + FOLDED
    return [
        mitigation(f"M97{n:02}", f"Numbered measure {n:02}", "ics", description=text)
        for n in range(MEASURES)
    ]


def _strain() -> list[Properties]:
    """A mitigation that nothing on a narrow screen has room for."""
    source = {
        "source_name": "Long",
        "description": f"{LONG_WORD}, an author. {'A title. ' * 20}",
        "url": f"https://example.org/{'a-very-long-path/' * 12}?{'q' * 120}",
    }
    text = (
        f"{LONG_WORD} and <code>{LONG_LINE}</code> and `{LONG_LINE}`.(Citation: Long)\n\n"
        f"<code>\n{LONG_LINE}\n{LONG_LINE}\n</code>\n\nhttps://example.org/{'b' * 160}"
    )
    measure = mitigation(
        STRAIN,
        f"Aaa {LONG_WORD}",
        "ics",
        description=text,
        references=[source],
        labels=[f"IEC 62443-3-3:2013 - SR {n}.{n} {LONG_WORD}" for n in range(9)],
    )
    head = technique("T9900", f"Head {LONG_WORD}", domain="ics")
    sub = technique("T9900.001", f"Sub {LONG_WORD}", domain="ics")
    return [
        measure,
        head,
        sub,
        relationship("subtechnique-of", sub, head),
        relationship("mitigates", measure, sub, text),
        *_procedures(head, sub),
    ]


def _procedures(used: Properties, sub: Properties) -> list[Properties]:
    """A group and its software that use a technique: rows of two kinds in one table."""
    group = attack_object("intrusion-set", "G9900", "Crew", "ics", aliases=["Crew"])
    kit = attack_object("tool", "S9900", "Kit", "ics", x_mitre_aliases=["Kit"])
    uses = [relationship("uses", user, used, "Used it.") for user in (group, kit)]
    return [
        group,
        kit,
        *uses,
        *(relationship("uses", *pair) for pair in ((kit, sub), (group, kit))),
    ]


def _revoked() -> list[Properties]:
    old = mitigation(REVOKED, "Zzz old", "ics", revoked=True)
    new = mitigation(REPLACEMENT, "Zzz new", "ics")
    return [old, new, relationship("revoked-by", old, new)]


def wide_matrix() -> list[Properties]:
    """A matrix of mobile as large as that of enterprise, with a group that marks some of it."""
    made: list[Properties] = []
    tactics = [
        tactic(f"TA98{n:02}", f"Numbered {WORDS[n % len(WORDS)]}", f"numbered-{n}", "mobile")
        for n in range(len(WIDE))
    ]
    crew = attack_object("intrusion-set", WIDE_GROUP, "Wide crew", "mobile", aliases=["Wide crew"])
    for at, depth in enumerate(WIDE):
        short = (f"numbered-{at}",)
        for row in range(depth):
            attack_id = f"T98{at:02}{row:02}"
            name = " ".join(WORDS[(row + at + k) % len(WORDS)] for k in range(1 + (row + at) % 4))
            head = technique(attack_id, name, short, "mobile", x_mitre_platforms=[LONG_PLATFORM])
            made.append(head)
            for n in range(3 if row % 14 else 0):
                sub = technique(f"{attack_id}.{n + 1:03}", f"Sub {name}", short, "mobile")
                made += [sub, relationship("subtechnique-of", sub, head)]
                if row % 5 == n == 1:
                    made.append(relationship("uses", crew, sub, "Used it."))
            if row % 7 == 0:
                made.append(relationship("uses", crew, head, "Used it."))
    return [*tactics, *made, crew]


def wide_matrix_before() -> list[Properties]:
    """The same a release earlier: some of it was not there yet, some read otherwise."""
    every = wide_matrix()
    to_come = {found["id"] for found in every if attack_id_of(found)[5:7] == "03"}
    return [
        found | {"description": "As it was."} if attack_id_of(found)[5:] in {"02", "05"} else found
        for found in every
        if to_come.isdisjoint({found["id"], found.get("source_ref"), found.get("target_ref")})
    ]
