"""Build the Blender extension, install it into the user's Blender, or remove it.

Runs in Blender's own Python, for Blender's own tools do the work:

    blender --background --python-exit-code 4 --python plugin/blender/extension.py -- install
    python plugin/blender/extension.py install            where python has the bpy module

The verbs are build, install and uninstall; `build --out FOLDER` leaves the zip file for others to
install. The extension brings the modules of velatura's core that run inside a host as a wheel: they
are of the standard library alone. The source tree stays as it is.

Exit codes: 0 done, 2 usage, 4 this Blender cannot.
"""

# No walrus and no tomllib: a Blender that is too old has to come as far as being told so.
from __future__ import annotations

import argparse
import base64
import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

HERE = Path(__file__).resolve().parent
SOURCE = HERE / "velatura_blender"
MANIFEST = (SOURCE / "blender_manifest.toml").read_text(encoding="utf-8")
ID, REPOSITORY = "velatura_blender", "user_default"
MODULE = f"bl_ext.{REPOSITORY}.{ID}"

CORE = HERE.parents[1] / "core/velatura"
SHARED = (*sorted(path.name for path in CORE.glob("[!_]*.py")), "__init__.py", "py.typed")
"""What of the core runs inside hosts: all modules directly in it but the command's, `__main__`."""

_MACHINE_CANNOT = 4
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the date of every file in the wheel: same sources, same bytes


def main() -> None:
    words = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:]
    parser = argparse.ArgumentParser(
        prog="extension.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("verb", choices=["build", "install", "uninstall"])
    parser.add_argument("--out", type=Path, default=Path("dist"), help="where build writes")
    arguments = parser.parse_args(words)
    refuse_old()
    if arguments.verb == "build":
        arguments.out.mkdir(parents=True, exist_ok=True)
        print(f"built: {build(arguments.out.resolve())}")
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


def build(folder: Path) -> Path:
    """Build the extension with Blender's own tool, and let it judge it; return the zip file."""
    target = folder / f"{ID}-{field('version')}.zip"
    with TemporaryDirectory() as scratch:
        stage = Path(scratch, ID)
        shutil.copytree(SOURCE, stage, ignore=shutil.ignore_patterns("__pycache__"))
        (stage / "wheels").mkdir()
        wheel = write_wheel(stage / "wheels")
        manifest = re.sub(r"(?m)^wheels = .*$", f'wheels = ["./wheels/{wheel.name}"]', MANIFEST)
        (stage / "blender_manifest.toml").write_text(manifest, encoding="utf-8")
        blender_ext("build", "--source-dir", stage, "--output-filepath", target)
    blender_ext("validate", target)
    return target


def write_wheel(folder: Path) -> Path:
    """Write the wheel `velatura_host` with what hosts share; return its path.

    A digest of the content is part of its version: Blender leaves a wheel that it has installed
    as it is while the version is the same.
    """
    if not (CORE / "__init__.py").is_file():
        stop(f"{CORE} does not hold velatura's core: build the extension in the whole source tree")
    files = {f"velatura/{name}": (CORE / name).read_bytes() for name in SHARED}
    digest = hashlib.sha256(repr(files).encode()).hexdigest()[:8]
    version = f"{field('version')}+{digest}"
    info = f"velatura_host-{version}.dist-info"
    files[f"{info}/licenses/LICENSE"] = (HERE.parents[1] / "LICENSE").read_bytes()
    files[f"{info}/METADATA"] = (
        f"Metadata-Version: 2.4\nName: velatura-host\nVersion: {version}\n"
        "Summary: What velatura's host adapters share\n"
        "License-Expression: Apache-2.0\nLicense-File: LICENSE\nRequires-Python: >=3.9\n"
    ).encode()
    files[f"{info}/WHEEL"] = (
        b"Wheel-Version: 1.0\nGenerator: velatura\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    record = [f"{name},sha256={sha256(data)},{len(data)}\n" for name, data in files.items()]
    files[f"{info}/RECORD"] = "".join([*record, f"{info}/RECORD,,\n"]).encode()
    path = folder / f"velatura_host-{version}-py3-none-any.whl"
    with ZipFile(path, "w", ZIP_DEFLATED) as wheel:
        for name, data in files.items():
            wheel.writestr(ZipInfo(name, _EPOCH), data, ZIP_DEFLATED)
    return path


def sha256(data: bytes) -> str:
    """Return the digest as a wheel's RECORD wants it."""
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


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
    for name in [name for name in sys.modules if name.split(".")[0] == "velatura"]:
        del sys.modules[name]  # those that an older extension brought
    with TemporaryDirectory() as folder:
        zipped = build(Path(folder))
        bpy.ops.extensions.package_install_files(
            filepath=str(zipped), repo=REPOSITORY, enable_on_install=True
        )
    if not addon_utils.check(MODULE)[1]:
        stop(f"{place / ID} is installed, but this Blender could not enable it")
    bpy.ops.wm.save_userpref()
    import velatura  # as Blender finds it from now on

    print(f"installed: {place / ID}\ninstalled: {Path(velatura.__file__).parent}")


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
