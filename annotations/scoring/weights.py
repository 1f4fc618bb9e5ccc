"""Weights of models: found in an installed package, checked, made fit to run."""

import hashlib
import importlib.util
from pathlib import Path
from typing import Any

from annotations.errors import LabelerError


class WrongWeights(LabelerError):
    """The weights are not there, or not those that the scorer was measured with."""

    slug = "wrong-weights"


def read_checked(package: str, path: str, sha256: str) -> bytes:
    """The bytes of a file inside an installed package; WrongWeights for other ones."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise WrongWeights(f"The package {package}, which holds {path}, is missing.")
    file = Path(next(iter(spec.submodule_search_locations))) / path
    try:
        data = file.read_bytes()
    except OSError as error:
        raise WrongWeights(f"{path} of {package} cannot be read: {error}.") from error
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise WrongWeights(f"{path} of {package} has SHA-256 {found}, not {sha256}.")
    return data


def plain_sface(package: str, path: str, sha256: str) -> bytes:
    """The SFace network as plain float32 with one input and any batch size.

    The published file keeps its weights as blocks of 8-bit integers and lists each of
    them as an input of the graph, which only some versions of OpenCV overlook. Folding
    `DequantizeLinear` (weight = (x - zero) * scale, by block) and the `Reshape` behind
    it changes the output by less than 2e-6 and is faster on a CPU.
    """
    import onnx  # noqa: PLC0415 - heavy, and only the scoring worker needs it

    model = onnx.load_from_string(read_checked(package, path, sha256))
    graph = model.graph
    constants = _folded(graph)
    given = [each for each in graph.input if each.name == "data"]
    _replace(graph.input, given)
    used = {name for node in graph.node for name in node.input}
    to_tensor = onnx.numpy_helper.from_array
    weights = [to_tensor(v, name) for name, v in constants.items() if name in used]
    _replace(graph.initializer, weights)
    _replace(graph.value_info, [])
    for value in (*graph.input, *graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "n"
    return model.SerializeToString()


def _folded(graph: Any) -> dict[str, Any]:
    """Constants by name; nodes that only compute constants are taken out."""
    from onnx import numpy_helper  # noqa: PLC0415 - as above

    constants = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    stored = set(constants)
    kept = []
    for node in graph.node:
        is_constant = all(name in constants for name in node.input)
        if node.op_type == "DequantizeLinear" and is_constant:
            constants[node.output[0]] = _dequantized(node, constants)
        elif node.op_type == "Reshape" and is_constant and node.input[0] not in stored:
            shape = constants[node.input[1]]
            constants[node.output[0]] = constants[node.input[0]].reshape(shape)
        else:
            kept.append(node)
    _replace(graph.node, kept)
    return constants


def _dequantized(node: Any, constants: dict[str, Any]) -> Any:
    """(x - zero) * scale, each of which holds for a block of `block_size` along an axis.

    Of shape x; float32.
    """
    quantised = constants[node.input[0]].astype("float32")
    attributes = {a.name: a.i for a in node.attribute}
    axis, block = attributes.get("axis", 1), attributes.get("block_size", 0)
    spread = [
        _spread(constants[name].astype("float32"), quantised.shape, axis, block)
        for name in node.input[1:]
    ]
    scale, zero = spread[0], spread[1] if len(spread) > 1 else 0.0
    return (quantised - zero) * scale


def _spread(values: Any, shape: tuple[int, ...], axis: int, block: int) -> Any:
    if block:
        return values.repeat(block, axis=axis).take(range(shape[axis]), axis=axis)
    if values.ndim == 1 and values.size > 1:
        return values.reshape([-1 if n == axis else 1 for n in range(len(shape))])
    return values


def _replace(repeated: Any, values: list[Any]) -> None:
    del repeated[:]
    repeated.extend(values)
