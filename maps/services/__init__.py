"""All changes to maps."""

from maps.services.importing import ImportResult, import_file, import_map, import_place

__all__ = ["ImportResult", "import_file", "import_map", "import_place"]
