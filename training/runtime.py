"""Runs ONNX models that were just built, on one thread, as serving does."""

from __future__ import annotations

import onnx
import onnxruntime

from chaffinch.classifier import session_options


def session(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    """Return a session for a model in memory."""
    return onnxruntime.InferenceSession(
        model.SerializeToString(), session_options(), providers=["CPUExecutionProvider"]
    )
