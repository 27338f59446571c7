"""Routes in files: the form of a route file, and how it is read. No model is made here."""

from scout_adapters.route_files.document import RouteDocument
from scout_adapters.route_files.route_text import parse_route, read_text, route_schema

__all__ = ["RouteDocument", "parse_route", "read_text", "route_schema"]
