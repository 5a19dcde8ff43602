"""Builds ONNX graphs node by node: the little that every exported model shares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

# BitwiseAnd came with 18; onnxruntime-web and -node read it too.
OPSET: Final = 18
IR_VERSION: Final = 9

_TYPES = {
    np.dtype(np.uint8): TensorProto.UINT8,
    np.dtype(np.int8): TensorProto.INT8,
    np.dtype(np.int32): TensorProto.INT32,
    np.dtype(np.int64): TensorProto.INT64,
    np.dtype(np.float32): TensorProto.FLOAT,
}


class Graph:
    """A graph under construction; every method adds nodes and returns the name of their output."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []

    def input(self, name: str, dtype: Any, shape: Sequence[str | int]) -> str:
        """Declare an input; dimensions are sizes or names."""
        self._inputs.append(helper.make_tensor_value_info(name, _TYPES[np.dtype(dtype)], shape))
        return name

    def output(self, name: str, source: str, dtype: Any, shape: Sequence[str | int]) -> None:
        """Declare an output that takes the value of `source`."""
        self._nodes.append(helper.make_node("Identity", [source], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, _TYPES[np.dtype(dtype)], shape))

    def constant(self, value: NDArray[Any]) -> str:
        """Add an initializer."""
        name = f"c{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def ints(self, *values: int) -> str:
        """Add an int64 vector."""
        return self.constant(np.array(values, dtype=np.int64))

    def float(self, value: float) -> str:
        """Add a float32 scalar."""
        return self.constant(np.array(value, dtype=np.float32))

    def add(self, op: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Add one node with one output."""
        return self.add_several(op, *inputs, outputs=1, domain=domain, **attributes)[0]

    def add_several(
        self, op: str, *inputs: str, outputs: int, domain: str = "", **attributes: Any
    ) -> list[str]:
        """Add one node with so many outputs."""
        name = f"n{len(self._nodes)}"
        names = [name, *(f"{name}.{number}" for number in range(1, outputs))]
        self._nodes.append(helper.make_node(op, list(inputs), names, domain=domain, **attributes))
        return names

    def cast(self, value: str, dtype: Any) -> str:
        """Cast to a numpy type."""
        return self.add("Cast", value, to=_TYPES[np.dtype(dtype)])

    def look_up(self, values: str, places: str) -> str:
        """Return single values [n] at places [m]: a fifth of the time that `Gather` takes for them."""
        return self.add("GatherElements", values, places)

    def segment_sums(self, rows: str, starts: str, lengths: str) -> str:
        """Sum int32 rows [n, k] over segments [starts, starts + lengths): wrapping sums are exact.

        No segment may reach the last row.
        """
        running = self.add("CumSum", rows, self.constant(np.array(0, dtype=np.int64)), exclusive=1)
        ends = self.add("Add", starts, lengths)
        upto, before = (self.add("Gather", running, place, axis=0) for place in (ends, starts))
        return self.add("Sub", upto, before)

    def model(self, name: str, metadata: dict[str, str]) -> onnx.ModelProto:
        """Return the finished, checked model; the same calls give the same bytes."""
        graph = helper.make_graph(self._nodes, name, self._inputs, self._outputs, initializer=self._constants)
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", 3)]
        model = helper.make_model(
            graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="chaffinch"
        )
        helper.set_model_props(model, metadata)
        onnx.checker.check_model(model, full_check=True)
        return model
