"""Build the Blender extension, install it into the user's Blender, or remove it.

Runs in Blender's own Python, for Blender's own tools do the work:

    blender --background --python-exit-code 4 --python plugin/blender/extension.py -- install
    python plugin/blender/extension.py install            where python has the bpy module

The verbs are build, install and uninstall; `build --out FOLDER` leaves the zip file for others to
install. The extension brings velatura's core as a sub-package, and the starter looks. With
`build --wheels FOLDER` it also brings the wheels in there, with which the core runs in a child of
Blender's own Python: a zip for each platform, and nothing else to install. `nox -s extension` gets
the wheels. The source tree stays as it is.

Exit codes: 0 done, 2 usage, 4 this Blender cannot.
"""

# No walrus and no tomllib: a Blender that is too old has to come as far as being told so.
from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

HERE = Path(__file__).resolve().parent
SOURCE = HERE / "velatura_blender"
MANIFEST = (SOURCE / "blender_manifest.toml").read_text(encoding="utf-8")
ID, REPOSITORY = "velatura_blender", "user_default"
MODULE = f"bl_ext.{REPOSITORY}.{ID}"

CORE = HERE.parents[1] / "core/velatura"
SHARED = (*sorted(path.name for path in CORE.glob("[!_]*.py")), "__init__.py")
"""What of the core runs inside hosts: all modules directly in it but the command's, `__main__`."""
PLATFORMS = {"manylinux": "linux-x64", "win": "windows-x64", "macosx": "macos-arm64"}
"""Blender's names of platforms, by how the platform in the name of a wheel begins."""

_MACHINE_CANNOT = 4
_DATA = ("__pycache__", "courtyard", "starter")  # what of the core's folder is no code
_ABSOLUTE = re.compile(r"(?m)^( *from )velatura(\.?)")
_PLATFORM = re.compile(r"-(manylinux|win|macosx)[^-]*\.whl$")


def main() -> None:
    words = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:]
    parser = argparse.ArgumentParser(
        prog="extension.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("verb", choices=["build", "install", "uninstall"])
    parser.add_argument("--out", type=Path, default=Path("dist"), help="where build writes")
    parser.add_argument("--wheels", type=Path, help="a folder of wheels to build with")
    arguments = parser.parse_args(words)
    refuse_old()
    if arguments.verb == "build":
        arguments.out.mkdir(parents=True, exist_ok=True)
        wheels = sorted(arguments.wheels.glob("*.whl")) if arguments.wheels else []
        for zipped in build(arguments.out.resolve(), wheels):
            print(f"built: {zipped} ({zipped.stat().st_size / 1e6:.1f} MB)")
        return
    try:
        read_preferences()
        (install if arguments.verb == "install" else uninstall)()
    except RuntimeError as error:  # how Blender's operators fail
        stop(f"Blender cannot {arguments.verb} the extension: {error}")


def refuse_old() -> None:
    """Stop if this Blender is older than the manifest allows, or none at all."""
    try:
        import bpy
    except ImportError:
        stop(f"{sys.executable} has no bpy module: run this in Blender")

    least = field("blender_version_min")
    if bpy.app.version < tuple(int(number) for number in least.split(".")):
        stop(f"velatura needs Blender {least} or later; this is {bpy.app.version_string}")


def build(folder: Path, wheels: Sequence[Path] = ()) -> list[Path]:
    """Build the extension with Blender's own tool, and let it judge it; return the zip files.

    Args:
        folder: where to.
        wheels: to bring along, of any platforms and Pythons; without them, the extension needs a
            runtime that is installed beside Blender.
    """
    with TemporaryDirectory() as scratch:
        stage, zips = Path(scratch, ID), Path(scratch, "zips")
        zips.mkdir()
        lay_out(stage, wheels)
        split = ["--split-platforms"] if platforms(wheels) else []
        blender_ext("build", "--source-dir", stage, "--output-dir", zips, *split)
        for zipped in zips.iterdir():
            blender_ext("validate", zipped)
        return sorted(Path(shutil.move(zipped, folder / zipped.name)) for zipped in zips.iterdir())


def lay_out(stage: Path, wheels: Sequence[Path] = ()) -> None:
    """Fill a new folder with all that the extension holds.

    Blender lets an extension bring no top-level module but in wheels from the package index. So the
    core is a sub-package, and the modules of it that run inside Blender, and the add-on's own, name
    it by relative imports. A child finds the same files under the name `velatura`.
    """
    if not (CORE / "__init__.py").is_file():
        stop(f"{CORE} does not hold velatura's core: build the extension in the whole source tree")
    shutil.copytree(SOURCE, stage, ignore=shutil.ignore_patterns("__pycache__"))
    for path in stage.rglob("*.py"):
        dots = "." * len(path.relative_to(stage).parts)
        rewrite(path, rf"\1{dots}core.velatura\2")
    core = stage / "core/velatura"
    shutil.copytree(CORE, core, ignore=shutil.ignore_patterns(*_DATA))
    for name in SHARED:
        rewrite(core / name, r"\1.")
    shutil.copy(HERE.parents[1] / "LICENSE", stage / "core/LICENSE")
    (stage / "looks").mkdir()
    for look in sorted((CORE / "starter").glob("*.onnx")):
        shutil.copy(look, stage / "looks")
    (stage / "wheels").mkdir()
    for wheel in wheels:
        shutil.copy(wheel, stage / "wheels")
    (stage / "blender_manifest.toml").write_text(manifest(wheels), encoding="utf-8")


def rewrite(path: Path, absolute: str) -> None:
    """Let a module import the core by another name than `velatura`."""
    text = path.read_text(encoding="utf-8")
    path.write_text(_ABSOLUTE.sub(absolute, text), encoding="utf-8", newline="\n")


def manifest(wheels: Sequence[Path]) -> str:
    """Return the manifest with the wheels in it, and the platforms that these are for."""
    if not wheels:
        return MANIFEST
    lines = "".join(f'  "./wheels/{wheel.name}",\n' for wheel in wheels)
    names = ", ".join(f'"{name}"' for name in platforms(wheels))
    fields = f"wheels = [\n{lines}]\n" + (f"platforms = [{names}]\n" if names else "")
    return MANIFEST.replace("[permissions]", f"{fields}\n[permissions]", 1)


def platforms(wheels: Sequence[Path]) -> list[str]:
    """Return Blender's names of the platforms that wheels are for, pure Python left aside."""
    found = (_PLATFORM.search(wheel.name) for wheel in wheels)
    return sorted({PLATFORMS[each.group(1)] for each in found if each})


def blender_ext(*arguments: str | Path) -> None:
    """Run Blender's tool for authors of extensions; stop with its own words if it fails."""
    import bpy

    scripts = Path(bpy.utils.system_resource("SCRIPTS"))
    tool = scripts / "addons_core/bl_pkg/cli/blender_ext.py"
    done = subprocess.run(
        [sys.executable, tool, *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        stop(f"Blender's tool refuses to {arguments[0]} the extension:\n{done.stdout}")


def read_preferences() -> None:
    """Read the user's preferences if this Blender did not: they are written again below.

    The bpy module starts with factory settings, like `blender --factory-startup`.
    """
    import bpy

    if bpy.app.factory_startup:
        bpy.ops.wm.read_userpref()


def install() -> None:
    import addon_utils
    import bpy

    place = repository()
    with TemporaryDirectory() as folder:
        (zipped,) = build(Path(folder))
        bpy.ops.extensions.package_install_files(
            filepath=str(zipped), repo=REPOSITORY, enable_on_install=True
        )
    if not addon_utils.check(MODULE)[1]:
        stop(f"{place / ID} is installed, but this Blender could not enable it")
    bpy.ops.wm.save_userpref()
    print(f"installed: {place / ID}")


def uninstall() -> None:
    import bpy

    place = repository()
    if not (place / ID).exists():
        print(f"not installed: {place / ID}")
        return
    bpy.ops.extensions.package_uninstall(repo_directory=str(place), pkg_id=ID)
    bpy.ops.wm.save_userpref()
    print(f"removed: {place / ID}")


def repository() -> Path:
    """Return the folder that Blender keeps the user's own extensions in."""
    import bpy

    listed = bpy.context.preferences.extensions.repos
    folders = [each.directory for each in listed if each.module == REPOSITORY and each.enabled]
    if not folders:
        stop(f"this Blender's preferences have no extension repository {REPOSITORY}, or it is off")
    return Path(folders[0])


def field(name: str) -> str:
    """Return a line's value from the manifest."""
    return str(re.findall(rf'(?m)^{name} = "(.*?)"', MANIFEST)[0])


def stop(why: str) -> NoReturn:
    print(f"extension.py: {why}.", file=sys.stderr)
    sys.exit(_MACHINE_CANNOT)


if __name__ == "__main__":
    main()
