"""The report: one HTML file that needs no network."""

from polynya.report.html import report_html

__all__ = ["report_html"]
