#!/bin/sh
# Footage and two painted frames: the frame to paint next, the look, and the finished clip.
#     sh examples/footage.sh clip.mp4 paint.####.png out
# LEARN says how long to learn, "--minutes 5" if nothing does.
set -e
clip=$1 keys=$2 out=$3
velatura suggest "$clip" --painted "$keys"
velatura train "$clip" --painted "$keys" --out "$out/run" ${LEARN:---minutes 5}
velatura export "$out/run" --out "$out/look.onnx"
velatura apply "$clip" --look "$out/look.onnx" --out "$out" --write picture --as mp4
