"""What the figures on detection of derived Takes count, worked out from the raw bundles alone."""

from dataclasses import dataclass

from tests.analysis.raw_bundles import About, attack_id


@dataclass
class Detection(About):
    """The strategies, analytics and components that detect what the Take is about."""

    def from_component(self, name: str) -> set[str]:
        """What a component of a release before 18.0, or either of the foremost two, detects."""
        seen = self._directly()
        if name == "either":
            objects = self.raw.objects
            first = sorted(seen, key=lambda c: (-len(seen[c]), objects[c]["name"]))
            return set().union(*(seen[component] for component in first[:2]))
        named = [found for key, found in seen.items() if self.raw.objects[key]["name"] == name]
        return max(named, key=len)

    def _directly(self) -> dict[str, set[str]]:
        components = self.raw.of(self.raw.objects, {"x-mitre-data-component"})
        if self.type == "x-mitre-data-source":
            components = self.data_components()
        seen = {key: self.techniques() & self.raw.to("detects", [key]) for key in components}
        return {key: found for key, found in seen.items() if found}

    def data_components(self) -> set[str]:
        """The data components that detect them; of a data source its own."""
        if self.type == "x-mitre-data-source":
            return self.raw.back("source", [self.stix_id])
        return set(self._directly())

    def seen_directly_by_it_alone(self) -> set[str]:
        """Those that no other component detects."""
        others = self.raw.of(self.raw.objects, {"x-mitre-data-component"}) - {self.stix_id}
        return self.techniques() - self.raw.to("detects", others)

    def noticed_by_no_other_source(self) -> set[str]:
        """Those for which no component is listed that is not of this data source."""
        components = self.raw.of(self.raw.objects, {"x-mitre-data-component"})
        return self.techniques() - self.noticed(components - self.data_components())

    def silent(self) -> set[str]:
        """The components of a data source that notice nothing."""
        return {found for found in self.data_components() if not self.noticed([found])}

    def strategies(self) -> set[str]:
        """The detection strategies."""
        found = self.raw.back("detects", self.techniques())
        if self.type == "x-mitre-data-component":
            found = self.raw.back("analytic", self.analytics())
        return self.raw.of(found, {"x-mitre-detection-strategy"})

    def analytics(self) -> set[str]:
        """The analytics."""
        if self.type == "x-mitre-data-component":
            return self.raw.back("reads", [self.stix_id])
        if self.type == "x-mitre-analytic":
            return {self.stix_id}
        if self.type == "x-mitre-detection-strategy":
            return self.raw.to("analytic", [self.stix_id])
        return self.raw.to("analytic", self.strategies())

    def reading(self, what: str) -> set[str]:
        """The analytics that read a component, a log, or either of the two foremost components."""
        if what == "either":
            return set().union(*self._foremost())
        log = what.removeprefix("the log ") if what.startswith("the log ") else ""
        return {a for a in self.analytics() if self._reads(a, what, log)}

    def _reads(self, analytic: str, component: str, log: str) -> bool:
        for source in self.raw.objects[analytic].get("x_mitre_log_source_references", []):
            ref = source["x_mitre_data_component_ref"]
            if log and " ".join(source["name"].split()) == log and ref in self.raw.objects:
                own = self.type != "x-mitre-data-component" or ref == self.stix_id
                if own:
                    return True
            if not log and self.raw.objects.get(ref, {}).get("name") == component:
                return True
        return False

    def _foremost(self) -> list[set[str]]:
        analytics = self.analytics()
        readers = {
            component: self.raw.back("reads", [component]) & analytics
            for component in self.raw.to("reads", analytics)
        }
        first = sorted(
            readers, key=lambda key: (-len(readers[key]), attack_id(self.raw.objects[key]))
        )
        return [readers[key] for key in first[:2]]

    def needed(self) -> set[str]:
        """The data components that every analytic reads."""
        analytics = self.analytics()
        components = self.raw.to("reads", analytics)
        return {c for c in components if analytics <= self.raw.back("reads", [c])}

    def unseen(self) -> set[str]:
        """Those that nothing detects."""
        return self.techniques() - self.raw.to("detects", self.raw.objects)

    def seen_by_it_alone(self) -> set[str]:
        """Those all of whose analytics read this component."""
        readers = self.analytics()
        found = set()
        for technique in self.techniques():
            analytics = self.raw.to("analytic", self.raw.back("detects", [technique]))
            if analytics and analytics <= readers:
                found.add(technique)
        return found

    def without_sources(self) -> set[str]:
        """Those whose detection strategies have no analytic that names a log source."""
        found = set()
        for technique in self.techniques():
            strategies = self.raw.back("detects", [technique])
            if strategies and not self.raw.to("reads", self.raw.to("analytic", strategies)):
                found.add(technique)
        return found
