"""Fetch the vendored front-end assets again: ``python static/vendor/update.py`` (needs npm).

Each package is fetched at the version written here with ``npm pack``, the few files we use are
copied next to this script together with the licence, and ``MANIFEST.json`` records what they are.
Nobody needs Node to *run* Carpool: the results are committed. Leaflet itself is not here, it comes
with django-leaflet.
"""

import hashlib
import json
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROTOMAPS = ("protomaps-leaflet", "5.1.0", "BSD-3-Clause")
LUCIDE = ("lucide-static", "1.62.0", "ISC AND MIT")

ICONS = """
armchair arrow-right arrow-up arrow-up-down ban bell bell-off briefcase building-2 calendar-clock calendar-days
car car-front car-taxi-front check chevron-down chevron-left chevron-right circle-check clock compass crown flag footprints hand-coins
house image info
key-round leaf lock log-out mail map-pin message-square minus pause phone play plus receipt refresh-cw route search
shield-check smartphone star timer trash-2 triangle-alert user user-plus users wallet wifi-off x
""".split()


def unpack(name: str, version: str, into: Path) -> Path:
    """Download one package and return its unpacked folder."""
    command = ["npm", "pack", "--silent", f"{name}@{version}"]
    subprocess.run(command, cwd=into, check=True, stdout=subprocess.DEVNULL)
    folder = into / name
    with tarfile.open(next(into.glob(f"{name}-*.tgz"))) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package"


def make_sprite(icons: Path) -> str:
    """Join the chosen icons into one file of ``<symbol>`` elements, used as ``icons.svg#name``."""
    symbols = []
    for name in sorted(ICONS):
        drawing = (icons / f"{name}.svg").read_text()
        inner = re.search(r"<svg[^>]*>(.*)</svg>", drawing, re.DOTALL)
        assert inner is not None
        body = re.sub(r"\s*\n\s*", "", inner.group(1))
        symbols.append(
            f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" '
            f'stroke-width="2" stroke-linecap="round" stroke-linejoin="round">{body}</symbol>'
        )
    head = "<!-- Icons of lucide-static; see LICENSE.lucide-static -->"
    return f'<svg xmlns="http://www.w3.org/2000/svg">{head}\n' + "\n".join(symbols) + "\n</svg>\n"


def main() -> None:
    """Write the assets, the licences and the manifest."""
    made: dict[str, tuple[str, str, str]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        protomaps = unpack(*PROTOMAPS[:2], into=Path(scratch))
        lucide = unpack(*LUCIDE[:2], into=Path(scratch))
        script = (protomaps / "dist/protomaps-leaflet.js").read_text()
        script = re.sub(r"\n//# sourceMappingURL=.*", "", script)  # the map file is not vendored
        (HERE / "protomaps-leaflet.js").write_text(script)
        (HERE / "icons.svg").write_text(make_sprite(lucide / "icons"))
        for package, folder in ((PROTOMAPS, protomaps), (LUCIDE, lucide)):
            (HERE / f"LICENSE.{package[0]}").write_text((folder / "LICENSE").read_text())
    made["protomaps-leaflet.js"] = PROTOMAPS
    made["icons.svg"] = LUCIDE
    manifest = [
        {
            "file": file,
            "package": name,
            "version": version,
            "licence": licence,
            "licence_file": f"LICENSE.{name}",
            "sha256": hashlib.sha256((HERE / file).read_bytes()).hexdigest(),
        }
        for file, (name, version, licence) in made.items()
    ]
    (HERE / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n")


if __name__ == "__main__":
    main()
