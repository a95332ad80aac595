"""What the pages of each kind of object show: facts, sections and filters, in their order.

The one place where kinds differ. A page shows what is declared here and held by the release, and
behind it what no release has had until now (`library.contexts.undeclared`).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from library import identifiers as kinds
from library.declarations import (
    Aliases,
    Catalogued,
    Linked,
    Listing,
    PageKind,
    Passage,
    Relation,
    Seen,
    Stated,
    Step,
)
from library.identifiers import GROUP, SOFTWARE, TACTIC, TECHNIQUE, Link, ObjectType

PLATFORMS: Final = Stated("Platforms", "x_mitre_platforms")
CONTRIBUTORS: Final = Stated("Contributors", "x_mitre_contributors", joint="; ")
FIRST_SEEN: Final = Seen("First seen", "first_seen", "x_mitre_first_seen_citation")
LAST_SEEN: Final = Seen("Last seen", "last_seen", "x_mitre_last_seen_citation")

USES_TECHNIQUE: Final = Step(Link.USES, to=(TECHNIQUE,))
USES_SOFTWARE: Final = Step(Link.USES, to=(SOFTWARE,))
TACTICS: Final = Step(Link.TACTIC, to=(TACTIC,))
PARENT: Final = Step(Link.SUBTECHNIQUE_OF, to=(TECHNIQUE,))
# Of techniques that are let go, or whose tactic or parent is, MITRE states them all the same.
STATED_TACTICS: Final = replace(TACTICS, dead_too=True)
STATED_PARENT: Final = replace(PARENT, dead_too=True)
CHILDREN: Final = Step(Link.SUBTECHNIQUE_OF, forward=False, to=(TECHNIQUE,))
ANALYTICS: Final = Step(Link.ANALYTIC, to=(kinds.ANALYTIC,))
STRATEGIES: Final = Step(Link.ANALYTIC, forward=False, to=(kinds.DETECTION_STRATEGY,))
DETECTED: Final = Step(Link.DETECTS, to=(TECHNIQUE,))
USERS: Final = (GROUP, SOFTWARE, kinds.CAMPAIGN)
DETECTORS: Final = (kinds.DETECTION_STRATEGY, kinds.DATA_COMPONENT)

TECHNIQUES_USED: Final = Relation(
    "techniques",
    "Techniques used",
    (USES_TECHNIQUE,),
    nested=True,
    absent="ATT&CK lists no technique for it in the release shown.",
)
SOFTWARE_USED: Final = Relation(
    "software",
    "Software",
    (USES_SOFTWARE,),
    absent="ATT&CK lists no software for it in the release shown.",
    beside=("Techniques", USES_TECHNIQUE),
)

PAGE_KINDS: Final[Mapping[ObjectType, PageKind]] = {
    kinds.MATRIX: PageKind(
        purpose="Tactics side by side with the techniques that serve each: the whole of ATT&CK"
        " on one sheet.",
        usage="Read across for what an adversary wants at each stage and down for the ways to get"
        " it. Unfold a technique for its sub-techniques. The order of the columns is MITRE’s; it"
        " is not a timetable, and few intrusions touch every one of them.",
    ),
    TACTIC: PageKind(
        purpose="Why an adversary acts: the goal behind a technique, from first look to final"
        " damage.",
        usage="A tactic names a goal, not a method. Use the table to see every way ATT&CK records"
        " of reaching it, and to ask which of them your own environment leaves open.",
        facts=(Stated("Short name", "x_mitre_shortname"),),
        sections=(
            Relation(
                "techniques",
                "Techniques",
                (Step(Link.TACTIC, forward=False, to=(TECHNIQUE,)),),
                nested=True,
                column="Description",
                absent="ATT&CK lists no technique under this tactic in the release shown.",
                describes="lead",
            ),
        ),
    ),
    TECHNIQUE: PageKind(
        purpose="How an adversary reaches a goal, with who was seen doing it and what stands"
        " against it.",
        usage="Begin with the procedure examples that resemble your sector and systems, then read"
        " what mitigates and what detects the technique. A long list of examples shows that it is"
        " often reported, not that it is aimed at you; an empty one is no licence to ignore it.",
        facts=(
            Linked("Tactics", STATED_TACTICS),
            Linked("Sub-technique of", STATED_PARENT),
            PLATFORMS,
            Stated("Permissions required", "x_mitre_permissions_required"),
            Stated("Effective permissions", "x_mitre_effective_permissions"),
            Stated("Supports remote", "x_mitre_remote_support"),
            Stated("Impact type", "x_mitre_impact_type"),
            Stated("Tactic type", "x_mitre_tactic_type"),
            Stated("Data sources", "x_mitre_data_sources"),
            Stated("Defences bypassed", "x_mitre_defense_bypassed"),
            Stated("System requirements", "x_mitre_system_requirements"),
            Catalogued("CAPEC", "capec"),
            Catalogued("Mobile Threat Catalogue", "NIST Mobile Threat Catalogue"),
            CONTRIBUTORS,
        ),
        sections=(
            Relation(
                "sub-techniques",
                "Sub-techniques",
                (CHILDREN,),
                column="Description",
                describes="lead",
                charted=True,
            ),
            Relation(
                "procedures",
                "Procedure examples",
                (Step(Link.USES, forward=False, to=USERS),),
                column="Procedure",
                absent="ATT&CK records no procedure example in the release shown.",
                grouped=True,
            ),
            Relation(
                "mitigations",
                "Mitigations",
                (Step(Link.MITIGATES, forward=False, to=(kinds.MITIGATION,)),),
                absent="None listed in this release.",
            ),
            Relation(
                "detections",
                "Detection",
                (Step(Link.DETECTS, forward=False, to=DETECTORS),),
                column="Detects",
                absent="None listed in this release.",
                beside=("Analytics", ANALYTICS),
                tells_beside=True,
                grouped=True,
            ),
            Passage("detection", "Detection, as earlier releases put it", "x_mitre_detection"),
            Relation(
                "assets", "Targeted assets", (Step(Link.TARGETS, to=(kinds.ASSET,)),), column="Note"
            ),
            Relation(
                "siblings",
                "Other sub-techniques of the same technique",
                (PARENT, CHILDREN),
                column="Description",
                describes="lead",
            ),
        ),
        filters=("tactic", "platform"),
        foremost="procedures",
    ),
    kinds.MITIGATION: PageKind(
        purpose="What defenders can do against the techniques ATT&CK describes, and where each"
        " measure applies.",
        usage="Start from the techniques below that matter in your environment and read the note"
        " beside each: the same measure is meant differently from one technique to the next."
        " A row says what is advised for a technique. It does not say that you have the measure"
        " in place, that it covers every variant, or that anyone is using the technique against"
        " you; those are questions for your own configuration, logs and tests.",
        facts=(Stated("Security controls", "labels", joint="; "),),
        sections=(
            Relation(
                "techniques",
                "Techniques addressed",
                (Step(Link.MITIGATES, to=(TECHNIQUE,)),),
                nested=True,
                absent="ATT&CK lists no technique for this mitigation in the release shown.",
            ),
        ),
        explored="techniques",
    ),
    GROUP: PageKind(
        purpose="Adversaries under the names they are known by, with what they were seen to do.",
        usage="Vendors draw the borders of a group differently, so read the associated names as"
        " overlaps, not as synonyms. The techniques are those that public reports mention; an"
        " adversary will have used others, and may have stopped using these.",
        facts=(CONTRIBUTORS,),
        sections=(
            Aliases("aliases", "Associated groups", "aliases"),
            Relation(
                "campaigns",
                "Campaigns",
                (Step(Link.ATTRIBUTED_TO, forward=False, to=(kinds.CAMPAIGN,)),),
                column="Attribution",
                shown=(FIRST_SEEN, LAST_SEEN),
            ),
            TECHNIQUES_USED,
            SOFTWARE_USED,
        ),
        explored="techniques",
        foremost="techniques",
    ),
    SOFTWARE: PageKind(
        purpose="Malware and tools, from made-for-the-purpose implants to what every administrator"
        " has installed.",
        usage="A tool in this list is not evidence of an attack by itself; many are part of daily"
        " administration. Read the techniques for what it can do, then the groups and campaigns"
        " for who was seen doing it.",
        facts=(PLATFORMS, CONTRIBUTORS),
        sections=(
            Aliases("aliases", "Associated software", "x_mitre_aliases"),
            TECHNIQUES_USED,
            Relation(
                "groups",
                "Groups that use it",
                (Step(Link.USES, forward=False, to=(GROUP,)),),
                absent="ATT&CK names no group that uses it in the release shown.",
            ),
            Relation(
                "campaigns",
                "Campaigns",
                (Step(Link.USES, forward=False, to=(kinds.CAMPAIGN,)),),
                shown=(FIRST_SEEN, LAST_SEEN),
            ),
        ),
        filters=("platform",),
        explored="techniques",
    ),
    kinds.CAMPAIGN: PageKind(
        purpose="Intrusions over a span of time with a goal in common, whether or not anyone"
        " knows by whom.",
        usage="The dates are when activity was first and last reported, with the sources for"
        " each. Where a group is named, MITRE has judged the attribution to be supported in"
        " public; where none is, that is a finding too.",
        facts=(FIRST_SEEN, LAST_SEEN, CONTRIBUTORS),
        sections=(
            Aliases("aliases", "Associated campaigns", "aliases"),
            Relation(
                "groups",
                "Groups",
                (Step(Link.ATTRIBUTED_TO, to=(GROUP,)),),
                column="Attribution",
                absent="ATT&CK attributes this campaign to no group in the release shown.",
            ),
            TECHNIQUES_USED,
            SOFTWARE_USED,
        ),
        explored="techniques",
        foremost="techniques",
    ),
    kinds.DETECTION_STRATEGY: PageKind(
        purpose="How a technique can be noticed, as a plan that analytics carry out on each"
        " platform.",
        usage="The strategy says what to look for; each analytic says how on one platform, with"
        " the log sources it needs. Check first that you collect those, then adapt the analytic’s"
        " variable parts to what is normal for you.",
        facts=(CONTRIBUTORS,),
        sections=(
            Relation(
                "techniques",
                "Techniques detected",
                (DETECTED,),
                nested=True,
                column="Note",
                absent="ATT&CK names no technique for this strategy in the release shown.",
            ),
            Relation(
                "analytics",
                "Analytics",
                (ANALYTICS,),
                column="Analytic",
                absent="ATT&CK lists no analytic for this strategy in the release shown.",
                describes="whole",
                shown=(PLATFORMS,),
                anchored=True,
            ),
        ),
    ),
    kinds.ANALYTIC: PageKind(
        purpose="Detection logic for one platform: what to watch, in which logs, and what to"
        " adjust.",
        usage="Treat this as a specification and not as a query to paste. The log sources say"
        " what has to be collected; the mutable elements say which thresholds and lists are yours"
        " to set.",
        facts=(PLATFORMS, Linked("Detection strategy", STRATEGIES)),
        sections=(
            Listing(
                "log-sources",
                "Log sources",
                "x_mitre_log_source_references",
                (
                    ("Data component", "x_mitre_data_component_ref"),
                    ("Name", "name"),
                    ("Channel", "channel"),
                ),
                step=Step(Link.LOG_SOURCE, to=(kinds.DATA_COMPONENT,)),
            ),
            Listing(
                "mutable-elements",
                "Mutable elements",
                "x_mitre_mutable_elements",
                (("Field", "field"), ("Description", "description")),
            ),
            Relation(
                "strategies",
                "Techniques detected by its strategy",
                (STRATEGIES, DETECTED),
                nested=True,
                column="Note",
            ),
        ),
        filters=("platform",),
    ),
    kinds.DATA_COMPONENT: PageKind(
        purpose="What can be recorded about a system, and which logs record it.",
        usage="Work from what you collect: find your log sources below and read which strategies"
        " they feed. A component nobody collects is a set of techniques nobody can see.",
        facts=(
            Linked("Data source", Step(Link.DATA_SOURCE, to=(kinds.DATA_SOURCE,), dead_too=True)),
        ),
        sections=(
            Listing(
                "log-sources",
                "Log sources",
                "x_mitre_log_sources",
                (("Name", "name"), ("Channel", "channel")),
            ),
            Relation(
                "strategies",
                "Detection strategies",
                (Step(Link.LOG_SOURCE, forward=False, to=(kinds.ANALYTIC,)), STRATEGIES),
                column="Techniques detected",
                beside=("Techniques", DETECTED),
                charted=True,
            ),
            Relation(
                "techniques",
                "Techniques detected",
                (DETECTED,),
                nested=True,
                column="Detects",
            ),
        ),
    ),
    kinds.DATA_SOURCE: PageKind(
        purpose="Where detection data come from, as releases before 18.0 grouped them.",
        usage="MITRE retired data sources in release 18.0: data components now name their log"
        " sources themselves. This entry is kept for what was written against earlier releases.",
        facts=(PLATFORMS, Stated("Collection layers", "x_mitre_collection_layers"), CONTRIBUTORS),
        sections=(
            Relation(
                "data-components",
                "Data components",
                (Step(Link.DATA_SOURCE, forward=False, to=(kinds.DATA_COMPONENT,)),),
                column="Description",
                describes="whole",
                absent="No data component names this source in the release shown.",
            ),
        ),
        filters=("platform",),
    ),
    kinds.ASSET: PageKind(
        purpose="The devices and systems of industrial control, and the techniques aimed at each.",
        usage="Find the assets you run, by the names your vendors use for them, and read which"
        " techniques ATT&CK records against each. Names in industry differ; the related assets"
        " are what MITRE holds to be the same thing.",
        facts=(PLATFORMS, Stated("Sectors", "x_mitre_sectors"), CONTRIBUTORS),
        sections=(
            Listing(
                "related-assets",
                "Related assets",
                "x_mitre_related_assets",
                (
                    ("Name", "name"),
                    ("Sectors", "related_asset_sectors"),
                    ("Description", "description"),
                ),
            ),
            Relation(
                "techniques",
                "Techniques that target it",
                (Step(Link.TARGETS, forward=False, to=(TECHNIQUE,)),),
                nested=True,
                column="Note",
                absent="ATT&CK names no technique against this asset in the release shown.",
            ),
        ),
        filters=("platform",),
        explored="techniques",
    ),
}

GENERIC: Final = PageKind(
    purpose="Objects of a kind that the library has no words for, as MITRE wrote them.",
    usage="The library has no words for this kind of object; MITRE’s own are below, as written.",
)


def page_kind(kind: ObjectType) -> PageKind:
    """What is declared of a kind."""
    return PAGE_KINDS.get(kind, GENERIC)
