"""velatura: trained looks as compositing nodes.

Importing the package imports nothing else, so that a host's Python can read ``velatura.job``,
``velatura.client`` and ``velatura.errors`` (standard library only, Python 3.9 and later) without
numpy or ONNX Runtime being there.
"""

__all__ = ["__version__"]

__version__ = "0.1.0"
