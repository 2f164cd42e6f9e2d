"""A trained look as a file: ONNX, TorchScript, Cattery."""
