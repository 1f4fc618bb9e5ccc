"""Vectors of aligned faces: by OpenCV on a CPU, by ONNX Runtime on a GPU.

Both give the same vectors. On a CPU OpenCV 5 is faster (`make bench ARGS=scoring`
prints both) and does not gain from batches. A GPU needs batches.
"""

import logging
import threading
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .base import Pixels
from .opencv import opencv

log = logging.getLogger(__name__)

DIMENSIONS = 128
BATCH_ON_GPU = 32


class Embedder(Protocol):
    """A network from faces (112 × 112 × 3, BGR, uint8) to vectors of length 1."""

    batch: int

    def embed(self, faces: Sequence[Pixels]) -> NDArray[np.float32]:
        """Return n × 128 float32. Called from several threads at once."""
        ...


class OpenCV:
    """OpenCV with one network per thread, because its networks are not thread-safe."""

    batch = 1

    def __init__(self, network: bytes) -> None:
        self._network = np.frombuffer(network, np.uint8)
        self._local = threading.local()

    def embed(self, faces: Sequence[Pixels]) -> NDArray[np.float32]:
        recognizer = self.recognizer()
        vectors = [recognizer.feature(face)[0] for face in faces]
        return unit(np.array(vectors, np.float32).reshape(-1, DIMENSIONS))

    def recognizer(self) -> Any:
        """Return this thread's `cv2.FaceRecognizerSF`."""
        if not hasattr(self._local, "recognizer"):
            empty = np.empty(0, np.uint8)
            create = opencv().FaceRecognizerSF.create
            self._local.recognizer = create("onnx", self._network, empty)
        return self._local.recognizer


class OnnxRuntime:
    """ONNX Runtime with one session for all threads, on a GPU if CUDA is available."""

    batch = BATCH_ON_GPU

    def __init__(self, network: bytes, device: str) -> None:
        import onnxruntime  # noqa: PLC0415 - large, and only a GPU worker needs it

        providers = ["CPUExecutionProvider"]
        if device == "cuda":
            providers.insert(0, "CUDAExecutionProvider")
        available = onnxruntime.get_available_providers()
        self._session = onnxruntime.InferenceSession(
            network, providers=[name for name in providers if name in available]
        )
        self.providers: list[str] = self._session.get_providers()

    def embed(self, faces: Sequence[Pixels]) -> NDArray[np.float32]:
        if not faces:
            return np.empty((0, DIMENSIONS), np.float32)
        # The network takes RGB, 0 to 255, channels first, and normalises it.
        data = np.stack(faces)[..., ::-1].transpose(0, 3, 1, 2).astype(np.float32)
        return unit(self._session.run(None, {"data": data})[0])


def best_for(device: str, network: bytes) -> Embedder:
    """Return the embedder for `cpu` or `cuda`. Without CUDA, warn and use the CPU."""
    if device != "cuda":
        return OpenCV(network)
    embedder = OnnxRuntime(network, device)
    if "CUDAExecutionProvider" in embedder.providers:
        return embedder
    log.warning(
        "LABELER_SCORING_DEVICE is cuda, but ONNX Runtime offers only %s. "
        "Install onnxruntime-gpu and the CUDA libraries. Scoring now uses the CPU.",
        ", ".join(embedder.providers),
    )
    return OpenCV(network)


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the rows scaled to length 1; a row of zeros stays."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: NDArray[np.float32] = vectors / np.maximum(lengths, 1e-12)
    return scaled
