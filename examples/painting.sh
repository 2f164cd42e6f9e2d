#!/bin/sh
# A painting for a style: keys painted in its strokes (retouch them), then a look of the shot.
#     sh examples/painting.sh shot.####.exr storm.jpg out
# LEARN says how long to learn, "--minutes 5" if nothing does.
set -e
plate=$1 painting=$2 out=$3
velatura paint "$plate" --style "$painting" --count 2 --out "$out/keys"
velatura train "$plate" --painted "$out/keys/key.####.exr" --out "$out/run" ${LEARN:---minutes 5}
velatura export "$out/run" --out "$out/look.onnx"
velatura apply "$plate" --look "$out/look.onnx" --out "$out" --write picture
