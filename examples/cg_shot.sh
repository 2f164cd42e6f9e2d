#!/bin/sh
# A CG shot with passes: gain layers for the comp, and figures against frames painted as a check.
#     sh examples/cg_shot.sh shot.####.exr paint.####.exr check.####.exr out
# LEARN says how long to learn, "--minutes 5" if nothing does.
set -e
plate=$1 keys=$2 check=$3 out=$4
velatura train "$plate" --painted "$keys" --out "$out/run" ${LEARN:---minutes 5}
velatura export "$out/run" --out "$out/look.onnx"
velatura apply "$plate" --look "$out/look.onnx" --out "$out/shot" --write both
velatura evaluate --result "$out/shot/$(basename "$plate")" --painted "$check" --explain
velatura report "$out/shot" --out "$out/report.html"
