"""Detects objects, and takes the older form of their names."""

from ts.torch_handler.object_detector import ObjectDetector


class Detector(ObjectDetector):
    threshold = 0.8
