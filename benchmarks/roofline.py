"""How much of a network's time its convolutions need: each by itself, beside the whole network.

    python benchmarks/roofline.py NETS [--rounds 5]

NETS is a folder of `peer_nets`. Every convolution of a network is made a network of its own, of the
same channels, kernel, step and size, and all of them take turns with the whole one, on one thread.
ONNX Runtime's own profile has the time of each node: a bare convolution's is that of its kernel
alone, in the blocked layout where it has one. The least of the rounds counts, which other work on
the machine disturbs little. Convolutions of 1x1 that mix no channels are activations, and no part
of the roofline. Prints Markdown.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnx import NodeProto, TensorProto, helper, numpy_helper, shape_inference

SIZE = (1096, 1936)  # px: full HD with its border, as `velatura apply` feeds it
OURS = "velatura"
HEAD = """\
| 1096x1936, one thread | kFLOP/px | network, ms | convolutions and activations in it, ms \
| bare, ms | bare, GFLOP/s | part of the roofline |
|---|---|---|---|---|---|---|"""


def table(nets: Path, rounds: int) -> list[str]:
    """Return the table of our networks among some."""
    lines = HEAD.splitlines()
    for name, about in json.loads((nets / "nets.json").read_text()).items():
        if not name.startswith(OURS):
            continue
        model = onnx.load(nets / about["file"])
        convolutions = list(bare(model))
        with tempfile.TemporaryDirectory() as folder:
            profiled = [Profiled(made, Path(folder)) for made, _ in [(model, 0), *convolutions]]
            for _ in range(rounds + 1):
                for each in profiled:
                    each.run()
            whole, *parts = profiled
            own = whole.least("")
            inside = whole.least("Conv")
            alone = sum(part.least("Conv") for part in parts)
        work = sum(flop for _, flop in convolutions)
        lines.append(
            f"| {name} | {work / SIZE[0] / SIZE[1] / 1000:.1f} | {own:.0f} | {inside:.0f} "
            f"| {alone:.0f} | {work / alone / 1e6:.0f} | **{100 * alone / own:.0f} %** |"
        )
    return lines


def bare(model: onnx.ModelProto) -> Iterator[tuple[onnx.ModelProto, int]]:
    """Yield each convolution of a model as a model, and its floating point operations."""
    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    for given in fixed.graph.input:
        for axis, side in zip(given.type.tensor_type.shape.dim[2:], SIZE, strict=True):
            axis.ClearField("dim_param")
            axis.dim_value = side
    del fixed.graph.value_info[:]
    known = shape_inference.infer_shapes(fixed, data_prop=True).graph
    shapes = {
        value.name: [axis.dim_value for axis in value.type.tensor_type.shape.dim]
        for value in (*known.input, *known.value_info, *known.output)
    }
    weights = {each.name: numpy_helper.to_array(each) for each in known.initializer}
    for node in known.node:
        if node.op_type != "Conv":
            continue
        kernel = weights[node.input[1]]
        if kernel[0].size > 1:
            flop = 2 * int(np.prod(shapes[node.output[0]])) * kernel[0].size
            yield _alone(node, shapes, weights), flop


def _alone(node: NodeProto, shapes: dict[str, list[int]], weights: dict[str, np.ndarray]):
    made = NodeProto()
    made.CopyFrom(node)
    made.input[0], made.output[0] = "x", "y"
    ends = [("x", shapes[node.input[0]]), ("y", shapes[node.output[0]])]
    taken, given = (helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in ends)
    kept = [numpy_helper.from_array(weights[name], name) for name in node.input[1:]]
    graph = helper.make_graph([made], "bare", [taken], [given], kept)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


class Profiled:
    """A model that is run with ONNX Runtime's own profile."""

    def __init__(self, model: onnx.ModelProto, folder: Path) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 4
        options.enable_mem_pattern = options.enable_mem_reuse = False  # as `velatura.apply.loading`
        options.enable_profiling = True
        options.profile_file_prefix = str(folder / "profile")
        self.session = ort.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        random = np.random.default_rng(0)
        self.fed = {
            given.name: random.random((*given.shape[:2], *_sides(given.shape)), np.float32)
            for given in self.session.get_inputs()
        }
        self.runs = 0
        self.nodes: list[list[tuple[str, int]]] = []

    def run(self) -> None:
        self.session.run(None, self.fed)
        self.runs += 1

    def least(self, operator: str) -> float:
        """Return the milliseconds of all nodes of a kind, each in its best run but the first."""
        if not self.nodes:
            said = json.loads(Path(self.session.end_profiling()).read_text())
            took = [
                (event["args"]["op_name"], event["dur"])
                for event in said
                if event.get("cat") == "Node" and event["name"].endswith("_kernel_time")
            ]
            each = len(took) // self.runs
            self.nodes = [took[each * run : each * (run + 1)] for run in range(1, self.runs)]
        columns = list(zip(*self.nodes, strict=True))
        best = [(column[0][0], min(dur for _, dur in column)) for column in columns]
        return sum(dur for name, dur in best if operator in ("", name)) / 1000


def _sides(shape: list[int | str]) -> tuple[int, ...]:
    """Return height and width of an input: its own, or those of the picture where it is free."""
    return SIZE if any(isinstance(side, str) for side in shape[2:]) else tuple(shape[2:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("nets", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    print("\n".join(table(given.nets, given.rounds)))


if __name__ == "__main__":
    main()
