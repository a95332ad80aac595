"""The analysis app."""

from django.apps import AppConfig


class AnalysisConfig(AppConfig):
    """What Glexia says about ATT&CK."""

    name = "analysis"
