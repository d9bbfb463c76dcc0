"""A dog classifier whose labels count from 1."""

import torch
from ts.torch_handler.image_classifier import ImageClassifier


class DogHandler(ImageClassifier):
    topk = 1

    def postprocess(self, data):
        best = torch.argmax(data, dim=1).tolist()
        return [self.mapping[str(b + 1)] for b in best]
