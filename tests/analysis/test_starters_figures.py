"""The figures that starter Takes state, counted again from the bundles."""

import re
from collections import Counter
from collections.abc import Callable
from functools import cached_property

import pytest

from tests.analysis.raw_bundles import Raw, attack_id
from tests.analysis.test_starters_real import TAKES, most, texts

pytestmark = pytest.mark.real_data

SAID = {take.attack_id: " ".join(" ".join(texts(take)).split()) for take in TAKES}
WORDS = (
    *("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen"),
)
GROUP, SOFTWARE, CAMPAIGN = {"intrusion-set"}, {"malware", "tool"}, {"campaign"}


class Book:
    """One domain, asked by ATT&CK ID."""

    def __init__(self, raw: Raw) -> None:
        self.raw = raw

    @cached_property
    def keys(self) -> dict[str, str]:
        return {attack_id(found): key for key, found in self.raw.objects.items()}

    def ids(self, keys: set[str]) -> set[str]:
        return {attack_id(self.raw.objects[key]) for key in keys}

    def all(self, types: set[str]) -> set[str]:
        return self.ids(self.raw.of(self.raw.objects, types))

    def addressed(self, mitigation: str) -> set[str]:
        return self.ids(self.raw.to("mitigates", [self.keys[mitigation]]))

    def mitigations(self, technique: str) -> set[str]:
        return self.ids(self.raw.back("mitigates", [self.keys[technique]]))

    def alone(self, mitigation: str) -> set[str]:
        return {t for t in self.addressed(mitigation) if self.mitigations(t) == {mitigation}}

    def users(self, techniques: set[str], types: set[str]) -> set[str]:
        keys = [self.keys[found] for found in techniques]
        return self.ids(self.raw.of(self.raw.back("uses", keys), types))

    def used(self, user: str) -> set[str]:
        return self.ids(self.raw.to("uses", [self.keys[user]]))

    def tactic(self, tactic: str) -> set[str]:
        return self.ids(self.raw.back("tactic", [self.keys[tactic]]))

    def on(self, *platforms: str) -> set[str]:
        """The techniques on any of these platforms."""
        return {
            attack_id(found)
            for found in self.raw.objects.values()
            if found["type"] == "attack-pattern"
            and set(platforms) & set(found.get("x_mitre_platforms", []))
        }

    def notes(self, mitigation: str, pattern: str) -> set[str]:
        """The techniques where MITRE's note on the mitigation says something."""
        return {
            attack_id(self.raw.objects[found["target_ref"]])
            for found in self.raw.objects.values()
            if found["type"] == "relationship"
            and found["relationship_type"] == "mitigates"
            and found["source_ref"] == self.keys[mitigation]
            and found["target_ref"] in self.raw.objects
            and re.search(pattern, found.get("description", ""))
        }

    def analytics(self, techniques: set[str]) -> list[list[str]]:
        """The logs that each analytic for these techniques reads."""
        strategies = self.raw.back("detects", [self.keys[found] for found in techniques])
        return [
            self.raw.objects[found].get("x_mitre_log_source_references", [])
            for found in self.raw.to("analytic", strategies)
        ]

    def most_used(self, techniques: set[str], types: set[str], number: int = 1) -> set[str]:
        """The techniques that most of a type use; nobody shares the last place."""
        count = Counter(
            attack_id(self.raw.objects[technique])
            for user, technique in self.raw.pairs("uses")
            if self.raw.objects[user]["type"] in types
        )
        return most(Counter({found: count[found] for found in techniques}), number)


@pytest.fixture(scope="module")
def books(raws: dict[str, Raw]) -> dict[str, Book]:
    return {domain: Book(raw) for domain, raw in raws.items()}


type Count = Callable[[Book], object]
# What a Take says, with {} for each figure, and the recount of those figures.
FIGURES: list[tuple[str, str, Count]] = [
    ("M0807", "{} of its {} techniques in release 18.1 are also under M0930",
     lambda b: (len(b.addressed("M0807") & b.addressed("M0930")), len(b.addressed("M0807")))),
    ("M0807", "{} pieces of software and {} campaigns in 18.1",
     lambda b: (len(b.users(b.addressed("M0807"), SOFTWARE)),
                WORDS[len(b.users(b.addressed("M0807"), CAMPAIGN))])),
    ("M0813", "ATT&CK lists {} techniques in release 18.1", lambda b: len(b.addressed("M0813"))),
    ("M0813", "{} also appear under M0930",
     lambda b: len(b.addressed("M0813") & b.addressed("M0930"))),
    ("M0813", "{} pieces of software and {} campaigns are all the evidence",
     lambda b: (WORDS[len(b.users(b.addressed("M0813"), SOFTWARE))].capitalize(),
                WORDS[len(b.users(b.addressed("M0813"), CAMPAIGN))])),
    ("M0930", "it addresses {} of the {} ICS techniques",
     lambda b: (len(b.addressed("M0930")), len(b.all({"attack-pattern"})))),
    ("M1006", "ATT&CK lists it for {} techniques in release 18.1, for {} as the only mitigation",
     lambda b: (len(b.addressed("M1006")), len(b.alone("M1006")))),
    ("M1011", "listed for {} techniques", lambda b: len(b.addressed("M1011"))),
    ("M1011", "For {} of these nothing else is listed", lambda b: len(b.alone("M1011"))),
    ("M1011", "{} of its {} pieces of software use something listed here, but only {} groups do",
     lambda b: (len(b.users(b.addressed("M1011"), SOFTWARE)), len(b.all(SOFTWARE)),
                len(b.users(b.addressed("M1011"), GROUP)))),
    ("M1012", "{} techniques in release 18.1", lambda b: len(b.addressed("M1012"))),
    ("M1012", "{} of the 19 rest on `DevicePolicyManager.setPermittedAccessibilityServices`",
     lambda b: WORDS[len(b.notes("M1012", "setPermittedAccessibilityServices"))].capitalize()),
    ("M1012", "S1094 and S1083 are each recorded with {} techniques from this list",
     lambda b: WORDS[one({len(b.used(s) & b.addressed("M1012")) for s in ("S1094", "S1083")})]),
    ("M1012", "The mobile record holds {} campaigns", lambda b: WORDS[len(b.all(CAMPAIGN))]),
    ("M1012", "{} groups are recorded with any technique listed",
     lambda b: WORDS[len(b.users(b.addressed("M1012"), GROUP))].capitalize()),
    ("M1017", "The {} techniques in release 18.1", lambda b: len(b.addressed("M1017"))),
    ("M1017", "{} of the techniques are reconnaissance",
     lambda b: WORDS[len(b.addressed("M1017") & b.tactic("TA0043"))].capitalize()),
    ("M1018", "than any other enterprise mitigation in release 18.1 ({})",
     lambda b: len(b.addressed("M1018"))),
    ("M1031", "of its {} techniques in release 18.1", lambda b: len(b.addressed("M1031"))),
    ("M1031", "T1105 ({} groups)", lambda b: len(b.users({"T1105"}, GROUP))),
    ("M1031", "The {} techniques for which nothing else is listed",
     lambda b: WORDS[len(b.alone("M1031"))]),
    ("M1031", "{} techniques concern cloud infrastructure",
     lambda b: WORDS[len(b.addressed("M1031") & b.on("IaaS"))].capitalize()),
    ("M1038", "{} groups are recorded relying on a user to open a file",
     lambda b: len(b.users({"T1204.002"}, GROUP))),
    ("M1040", "{} of its {} relationships name Microsoft's Attack Surface Reduction",
     lambda b: (len(b.notes("M1040", "(?i)attack surface reduction|ASR")),
                len(b.addressed("M1040")))),
    ("M1040", "Windows 10 is named in {} relationships",
     lambda b: len(b.notes("M1040", "Windows 10"))),
    ("M1056", "all {} relationships in release 18.1", lambda b: len(b.addressed("M1056"))),
    ("M1056", "T1588.002 has the most recorded groups here ({})",
     lambda b: len(b.users({"T1588.002"}, GROUP))),
    ("M1056", "Of the {} analytics joined to these techniques in release 18.1, {} name no log",
     lambda b: (len(b.analytics(b.addressed("M1056"))),
                sum(not logs for logs in b.analytics(b.addressed("M1056"))))),
    ("T1059.001", "{} of {} groups are recorded with it",
     lambda b: (len(b.users({"T1059.001"}, GROUP)), len(b.all(GROUP)))),
    ("T1059.001", "{} mitigations are listed",
     lambda b: WORDS[len(b.mitigations("T1059.001"))].capitalize()),
    ("T1059.003", "listed for {} pieces of software",
     lambda b: len(b.users({"T1059.003"}, SOFTWARE))),
    ("T1071.001", "({} of {}) is recorded with it",
     lambda b: (len(b.users({"T1071.001"}, SOFTWARE)), len(b.all(SOFTWARE)))),
    ("T1071.001", "{} of the {} pieces of software are also recorded with T1105",
     lambda b: (len(b.users({"T1071.001"}, SOFTWARE) & b.users({"T1105"}, SOFTWARE)),
                len(b.users({"T1071.001"}, SOFTWARE)))),
    ("T1082", "recorded for {} groups and {} pieces of software",
     lambda b: (len(b.users({"T1082"}, GROUP)), len(b.users({"T1082"}, SOFTWARE)))),
    ("T1105", "for more groups ({}), more software ({}) or more campaigns ({})",
     lambda b: tuple(len(b.users({"T1105"}, types)) for types in (GROUP, SOFTWARE, CAMPAIGN))),
    ("T1204.002", "{} of the {} groups recorded with T1566.001 are recorded here too",
     lambda b: (len(b.users({"T1566.001"}, GROUP) & b.users({"T1204.002"}, GROUP)),
                len(b.users({"T1566.001"}, GROUP)))),
    ("T1204.002", "{} mitigations are listed",
     lambda b: WORDS[len(b.mitigations("T1204.002"))].capitalize()),
    ("T1547.001", "recorded for {} groups", lambda b: len(b.users({"T1547.001"}, GROUP))),
    ("T1566.001", "{} groups and {} campaigns in release 18.1",
     lambda b: (len(b.users({"T1566.001"}, GROUP)), WORDS[len(b.users({"T1566.001"}, CAMPAIGN))])),
    ("T1566.001", "Of {} listed mitigations", lambda b: WORDS[len(b.mitigations("T1566.001"))]),
    ("T1588.002", "{} groups stand here", lambda b: len(b.users({"T1588.002"}, GROUP))),
    ("T1588.002", "Mimikatz is recorded for {} and PsExec for {}",
     lambda b: tuple(len(b.users({tool}, GROUP)) for tool in ("S0002", "S0029"))),
]  # fmt: skip


def one(found: set[int]) -> int:
    (only,) = found
    return only


@pytest.mark.parametrize(
    ("where", "said", "count"), FIGURES, ids=[f"{w}: {s}" for w, s, _ in FIGURES]
)
def test_a_figure_is_what_the_bundle_has(
    where: str, said: str, count: Count, books: dict[str, Book]
) -> None:
    counted = count(book_of(where, books))
    figures = counted if isinstance(counted, tuple) else (counted,)
    assert said.format(*figures) in SAID[where]


def book_of(attack: str, books: dict[str, Book]) -> Book:
    take = next(take for take in TAKES if take.attack_id == attack)
    return books[take.written_against.domain]


# What a Take says without a figure.
CLAIMS: list[tuple[str, str, Callable[[Book], bool]]] = [
    ("M0813", "No group is recorded with these techniques",
     lambda b: not b.users(b.addressed("M0813"), GROUP)),
    ("M0813", "None of them hangs on this alone", lambda b: not b.alone("M0813")),
    ("M0813", "that one campaign stands under T0860, T0848, T0855 and T0856",
     lambda b: {"T0860", "T0848", "T0855", "T0856"} <= b.used("C0020")),
    ("M0813", "T0839 has no procedure example at all in 18.1",
     lambda b: not b.users({"T0839"}, GROUP | SOFTWARE | CAMPAIGN)),
    ("M0930", "more than any other ICS mitigation",
     lambda b: widest(b) == "M0930"),
    ("M0930", "sole one listed for devices reachable from the internet (T0883)",
     lambda b: b.mitigations("T0883") == {"M0930"}),
    ("M0930", "All seven in the ICS data use something on this list",
     lambda b: len(b.all(CAMPAIGN)) == 7
     and b.users(b.addressed("M0930"), CAMPAIGN) == b.all(CAMPAIGN)),
    ("M0930", "only two groups do, G0034 and G0049, with one technique each",
     lambda b: b.users(b.addressed("M0930"), GROUP) == {"G0034", "G0049"}
     and all(len(b.used(g) & b.addressed("M0930")) == 1 for g in ("G0034", "G0049"))),
    ("M1006", "T1409, T1512, T1414, T1422, T1420, with T1624.001 and T1407 beside them",
     lambda b: {"T1409", "T1512", "T1414", "T1422", "T1420", "T1624.001", "T1407"}
     <= b.alone("M1006")),
    ("M1006", "(T1404) ATT&CK does not list this mitigation",
     lambda b: "M1006" not in b.mitigations("T1404")),
    ("M1011", "the widest mobile mitigation", lambda b: widest(b) == "M1011"),
    ("M1011", "T1636.004, T1582 and T1616 have no other mitigation",
     lambda b: {"T1636.004", "T1582", "T1616"} <= b.alone("M1011")),
    ("M1011", "T1453 stands alone here, yet T1516 and T1417 also list M1012's",
     lambda b: "T1453" in b.alone("M1011")
     and {"T1516", "T1417"} <= b.addressed("M1012") & b.addressed("M1011")),
    ("M1012", "T1428 has no other mitigation", lambda b: "T1428" in b.alone("M1012")),
    ("M1017", "T1566.001 and T1204.002 are the most recorded here",
     lambda b: {"T1566.001", "T1204.002"} == b.most_used(b.addressed("M1017"), GROUP, 2)),
    ("M1017", "T1566.004 and T1598.004 list no other mitigation",
     lambda b: {"T1566.004", "T1598.004"} <= b.alone("M1017")),
    ("M1017", "(T1056.002) and stolen one-time codes (T1111) are likewise left to the user",
     lambda b: {"T1056.002", "T1111"} <= b.alone("M1017")),
    ("M1018", "more techniques than any other enterprise mitigation",
     lambda b: widest(b) == "M1018"),
    ("M1018", "The cloud half is where this control stands alone: looking around (T1580, T1538),"
     " editing access rules (T1556.009), silencing logs (T1562.008), borrowing a role for an hour"
     " (T1548.005)",
     lambda b: {"T1580", "T1538", "T1556.009", "T1562.008", "T1548.005"} <= b.alone("M1018")),
    ("M1021", "uploads to cloud storage, code repositories and paste sites have no other listed",
     lambda b: {"T1567.001", "T1567.002", "T1567.003"} <= b.alone("M1021")),
    ("M1021", "(T1105) are not linked", lambda b: "T1105" not in b.addressed("M1021")),
    ("M1022", "leans on this control alone: launch agents (T1543.001), shell start-up files"
     " (T1546.004), boot scripts (T1037.004)",
     lambda b: {"T1543.001", "T1546.004", "T1037.004"} <= b.alone("M1022")),
    ("M1022", "(T1039, T1486) are absent from this entry's list",
     lambda b: not {"T1039", "T1486"} & b.addressed("M1022")),
    ("M1022", "For T1039 no mitigation at all is listed", lambda b: not b.mitigations("T1039")),
    ("M1026", "(T1651) or read the secret store (T1555.006) is privileged whatever its title, and"
     " ATT&CK lists no other mitigation for either",
     lambda b: {"T1651", "T1555.006"} <= b.alone("M1026")),
    ("M1027", "T1550.002 is not linked to this mitigation",
     lambda b: "T1550.002" not in b.addressed("M1027")),
    ("M1027", "T1201 and T1555.001 have no other mitigation",
     lambda b: {"T1201", "T1555.001"} <= b.alone("M1027")),
    ("M1030", "T1021.001 is the most used lateral technique in reach",
     lambda b: b.most_used(b.addressed("M1030") & b.tactic("TA0008"), GROUP) == {"T1021.001"}),
    ("M1030", "every technique here has at least one further mitigation",
     lambda b: not b.alone("M1030")),
    ("M1030", "T1599, crossing a border on the very router that enforces it, is not linked",
     lambda b: "T1599" not in b.addressed("M1030")),
    ("M1031", "More than half of its 59 techniques in release 18.1 are command and control",
     lambda b: most_of(b.addressed("M1031"), b.tactic("TA0011"))),
    ("M1018", "where ATT&CK lists no other mitigation, more than half of the techniques concern"
     " cloud permissions",
     lambda b: most_of(b.alone("M1018"), b.on("IaaS", "SaaS", "Identity Provider"))),
    ("M1021", "T1567.001 and T1567.003 have hardly any procedures",
     lambda b: len(b.users({"T1567.001", "T1567.003"}, GROUP | SOFTWARE | CAMPAIGN)) == 1),
    ("M1028", "Release 18.1 offers no other mitigation for these three",
     lambda b: {"T1087.001", "T1087.002", "T1135"} <= b.alone("M1028")),
    ("M1047", "one of the few reconnaissance techniques that M1056 leaves out",
     lambda b: "T1593.003" not in b.addressed("M1056")
     and len(b.tactic("TA0043") - b.addressed("M1056")) == 8),
    ("M1031", "T1573.001, T1132.001, T1001.003, T1090.001, T1030 among them",
     lambda b: {"T1573.001", "T1132.001", "T1001.003", "T1090.001", "T1030"} <= b.alone("M1031")),
    ("M1032", "T1098.005 deserves more attention than its numbers suggest: release 18.1 names no"
     " other mitigation for it", lambda b: "T1098.005" in b.alone("M1032")),
    ("M1037", "nothing else against T1090.003, T1205.002 and the flood families T1498 and T1499",
     lambda b: {"T1090.003", "T1205.002", "T1498", "T1499"} <= b.alone("M1037")),
    ("M1038", "T1059.003 and T1059.004 have no other mitigation listed",
     lambda b: {"T1059.003", "T1059.004"} <= b.alone("M1038")),
    ("M1040", "For most of the injection family (T1055.001, T1055.012 and eight more) no other",
     lambda b: {"T1055.001", "T1055.012"} <= b.alone("M1040")
     and len({t for t in b.alone("M1040") if t.startswith("T1055")}) == 10),
    ("M1040", "T1137.006 and T1574.013 share that position",
     lambda b: {"T1137.006", "T1574.013"} <= b.alone("M1040")),
    ("M1040", "Against T1486 only M1053 stands beside it",
     lambda b: b.mitigations("T1486") == {"M1040", "M1053"}),
    ("M1041", "T1486 is not linked", lambda b: "T1486" not in b.addressed("M1041")),
    ("M1041", "T1119 is the most used technique here",
     lambda b: b.most_used(b.addressed("M1041"), GROUP) == {"T1119"}),
    ("M1041", "For T1565.002 this is the sole mitigation",
     lambda b: "T1565.002" in b.alone("M1041")),
    ("M1042", "no relationship joins this entry to T1021.002",
     lambda b: "T1021.002" not in b.addressed("M1042")),
    ("M1042", "T1564.007 and T1546.014 have nothing else listed",
     lambda b: {"T1564.007", "T1546.014"} <= b.alone("M1042")),
    ("M1047", "Among techniques for which ATT&CK lists only this, archiving before theft"
     " (T1560.001) has the most recorded groups",
     lambda b: b.most_used(b.alone("M1047"), GROUP) == {"T1560.001"}),
    ("M1049", "More than half of the techniques linked to it are forms of evasion",
     lambda b: most_of(b.addressed("M1049"), b.tactic("TA0005"))),
    ("M1049", "T1027.002, T1027.015 and T1027.016 have only this mitigation",
     lambda b: {"T1027.002", "T1027.015", "T1027.016"} <= b.alone("M1049")),
    ("M1049", "T1204.002 and T1486 are absent here; both sit with M1040",
     lambda b: not {"T1204.002", "T1486"} & b.addressed("M1049")
     and {"T1204.002", "T1486"} <= b.addressed("M1040")),
    ("M1051", "T1542.002 has no other mitigation", lambda b: "T1542.002" in b.alone("M1051")),
    ("M1054", "T1672, T1535 and T1590.002 carry no procedure example",
     lambda b: not b.users({"T1672", "T1535", "T1590.002"}, GROUP | SOFTWARE | CAMPAIGN)),
    ("M1054", "The strategy for T1590.002 names no log source",
     lambda b: not any(b.analytics({"T1590.002"}))),
    ("M1056", "T1588.002 has the most recorded groups here",
     lambda b: b.most_used(b.addressed("M1056"), GROUP) == {"T1588.002"}),
    ("M1056", "T1595.003 is the single technique here shared with another mitigation (M1042)",
     lambda b: b.addressed("M1056") - b.alone("M1056") == {"T1595.003"}
     and b.mitigations("T1595.003") == {"M1056", "M1042"}),
    ("T1059.003", "M1038 is the only mitigation listed",
     lambda b: b.mitigations("T1059.003") == {"M1038"}),
    ("T1071.001", "More than two fifths of all software",
     lambda b: len(b.users({"T1071.001"}, SOFTWARE)) > 0.4 * len(b.all(SOFTWARE))),
    ("T1082", "the second highest figure for software",
     lambda b: b.most_used(b.all({"attack-pattern"}), SOFTWARE, 2) == {"T1105", "T1082"}),
    ("T1082", "ATT&CK lists no mitigation", lambda b: not b.mitigations("T1082")),
    ("T1105", "no technique is recorded for more groups (85), more software (385) or more",
     lambda b: all(b.most_used(b.all({"attack-pattern"}), types) == {"T1105"}
                   for types in (GROUP, SOFTWARE, CAMPAIGN))),
    ("T1105", "ATT&CK lists two mitigations, M1037 and M1031",
     lambda b: b.mitigations("T1105") == {"M1037", "M1031"}),
    ("T1105", "It does not list M1038", lambda b: "M1038" not in b.mitigations("T1105")),
    ("T1547.001", "ATT&CK lists no mitigation", lambda b: not b.mitigations("T1547.001")),
    ("T1566.001", "Three groups recorded here have no entry under T1204.002: G0006, G0096 and",
     lambda b: b.users({"T1566.001"}, GROUP) - b.users({"T1204.002"}, GROUP)
     == {"G0006", "G0096", "G1035"}),
    ("T1588.002", "One mitigation is listed, M1056",
     lambda b: b.mitigations("T1588.002") == {"M1056"}),
]  # fmt: skip


def widest(book: Book) -> str:
    """The mitigation that addresses most techniques."""
    return max(book.all({"course-of-action"}), key=lambda found: len(book.addressed(found)))


def most_of(techniques: set[str], tactic: set[str]) -> bool:
    return len(techniques & tactic) > len(techniques) / 2


@pytest.mark.parametrize(
    ("where", "said", "holds"), CLAIMS, ids=[f"{w}: {s}" for w, s, _ in CLAIMS]
)
def test_what_is_said_without_a_figure_is_so_in_the_bundle(
    where: str, said: str, holds: Callable[[Book], bool], books: dict[str, Book]
) -> None:
    assert said in SAID[where]
    assert holds(book_of(where, books))
