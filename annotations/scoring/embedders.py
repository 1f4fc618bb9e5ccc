"""Aligned faces to vectors: OpenCV on a CPU, ONNX Runtime on a GPU, the same numbers.

On a CPU OpenCV 5 is the faster one (`make bench ARGS=scoring` prints both), and gains
nothing by batches; a GPU wants batches.
"""

import logging
import threading
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .base import Pixels

log = logging.getLogger(__name__)

DIMENSIONS = 128
BATCH_ON_GPU = 32


class Embedder(Protocol):
    """Faces (112 × 112 × 3, BGR, uint8) to n × 128 float32, each of length 1."""

    batch: int

    def embed(self, faces: Sequence[Pixels]) -> NDArray[np.float32]:
        """From several threads at once."""
        ...


class OpenCV:
    """One network a thread: OpenCV's are not safe to share."""

    batch = 1

    def __init__(self, network: bytes) -> None:
        self._network = np.frombuffer(network, np.uint8)
        self._own = threading.local()

    def embed(self, faces: Sequence[Pixels]) -> NDArray[np.float32]:
        recognizer = self.recognizer()
        vectors = [recognizer.feature(face)[0] for face in faces]
        return unit(np.array(vectors, np.float32).reshape(-1, DIMENSIONS))

    def recognizer(self) -> Any:
        """This thread's own `cv2.FaceRecognizerSF`."""
        if not hasattr(self._own, "recognizer"):
            import cv2  # noqa: PLC0415 - heavy, and only the scoring worker needs it

            empty = np.empty(0, np.uint8)
            make = cv2.FaceRecognizerSF.create
            self._own.recognizer = make("onnx", self._network, empty)
        return self._own.recognizer


class OnnxRuntime:
    """One session for all threads; on the GPU where CUDA is to be had, else aloud not."""

    batch = BATCH_ON_GPU

    def __init__(self, network: bytes, device: str) -> None:
        import onnxruntime  # noqa: PLC0415 - heavy, and only a GPU worker needs it

        providers = ["CPUExecutionProvider"]
        if device == "cuda":
            providers.insert(0, "CUDAExecutionProvider")
        usable = onnxruntime.get_available_providers()
        self._session = onnxruntime.InferenceSession(
            network, providers=[name for name in providers if name in usable]
        )
        self.providers: list[str] = self._session.get_providers()

    def embed(self, faces: Sequence[Pixels]) -> NDArray[np.float32]:
        if not faces:
            return np.empty((0, DIMENSIONS), np.float32)
        # The network wants RGB, 0 to 255, channels first, and normalises itself.
        data = np.stack(faces)[..., ::-1].transpose(0, 3, 1, 2).astype(np.float32)
        return unit(self._session.run(None, {"data": data})[0])


def best_for(device: str, network: bytes) -> Embedder:
    """The embedder for `cpu` or `cuda`; without CUDA the CPU's, and a warning."""
    if device != "cuda":
        return OpenCV(network)
    found = OnnxRuntime(network, device)
    if "CUDAExecutionProvider" in found.providers:
        return found
    log.warning(
        "LABELER_SCORING_DEVICE is cuda, but ONNX Runtime offers only %s here: "
        "install onnxruntime-gpu and CUDA's libraries. Scoring goes on on the CPU.",
        ", ".join(found.providers),
    )
    return OpenCV(network)


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows brought to length 1; a row of zeros stays."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.maximum(length, 1e-12)
