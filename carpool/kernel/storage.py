"""Static files with hashed names."""

from whitenoise.storage import CompressedManifestStaticFilesStorage  # type: ignore[import-untyped]


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Hash the names inside ``import`` statements too.

    Otherwise a module that is imported by its plain name and loaded by its hashed one runs twice,
    and every press of a button counts twice.
    """

    support_js_module_import_aggregation = True
