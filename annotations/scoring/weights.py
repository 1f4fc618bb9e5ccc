"""Weights of models: read from an installed package, checked and converted."""

import hashlib
import importlib.util
from pathlib import Path
from typing import Any

from annotations.errors import LabelerError


class WrongWeights(LabelerError):
    """The weights are missing, or differ from those that were tested."""

    slug = "wrong-weights"


def read_checked(package: str, path: str, sha256: str) -> bytes:
    """Return a file of an installed package; raise WrongWeights if it differs."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise WrongWeights(f"The package {package}, which holds {path}, is missing.")
    file = Path(next(iter(spec.submodule_search_locations))) / path
    try:
        data = file.read_bytes()
    except OSError as error:
        raise WrongWeights(f"{path} of {package} cannot be read: {error}.") from error
    digest = hashlib.sha256(data).hexdigest()
    if digest != sha256:
        raise WrongWeights(f"{path} of {package} has SHA-256 {digest}, not {sha256}.")
    return data


def plain_sface(package: str, path: str, sha256: str) -> bytes:
    """Return the SFace network as plain float32 with one input and any batch size.

    The published file has its weights as blocks of 8-bit integers and declares each of
    them as an input of the graph, which only some versions of OpenCV accept. Folding
    `DequantizeLinear` (weight = (x - zero) * scale, by block) and the `Reshape` after
    it changes the output by less than 2e-6 and is faster on a CPU.
    """
    import onnx  # noqa: PLC0415 - large, and only the scoring worker needs it

    model = onnx.load_from_string(read_checked(package, path, sha256))
    graph = model.graph
    constants = _folded(graph)
    _replace(graph.input, [node for node in graph.input if node.name == "data"])
    used_names = {name for node in graph.node for name in node.input}
    to_tensor = onnx.numpy_helper.from_array
    weights = [
        to_tensor(v, name) for name, v in constants.items() if name in used_names
    ]
    _replace(graph.initializer, weights)
    _replace(graph.value_info, [])
    for value in (*graph.input, *graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "n"
    content: bytes = model.SerializeToString()
    return content


def _folded(graph: Any) -> dict[str, Any]:
    """Return the constants by name, and remove the nodes that only compute constants."""
    from onnx import numpy_helper  # noqa: PLC0415 - as above

    constants = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    initial_names = set(constants)
    nodes = []
    for node in graph.node:
        is_constant = all(name in constants for name in node.input)
        if node.op_type == "DequantizeLinear" and is_constant:
            constants[node.output[0]] = _dequantized(node, constants)
        elif (
            node.op_type == "Reshape"
            and is_constant
            and node.input[0] not in initial_names
        ):
            shape = constants[node.input[1]]
            constants[node.output[0]] = constants[node.input[0]].reshape(shape)
        else:
            nodes.append(node)
    _replace(graph.node, nodes)
    return constants


def _dequantized(node: Any, constants: dict[str, Any]) -> Any:
    """Return (x - zero) * scale as float32, in the shape of x.

    Each scale and zero is for a block of `block_size` along an axis.
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
