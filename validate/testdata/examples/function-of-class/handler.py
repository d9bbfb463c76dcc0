"""A class that adds batches of its own to what it inherits."""

import logging

from ts.handler_utils.micro_batching import MicroBatching
from ts.torch_handler.image_classifier import ImageClassifier

logger = logging.getLogger(__name__)


class MicroBatchingHandler(ImageClassifier):
    def __init__(self):
        super().__init__()
        self.micro_batching = MicroBatching(self)

    def initialize(self, ctx):
        super().initialize(ctx)
        sizes = ctx.model_yaml_config.get("micro_batching", {}).get("parallelism", {})
        logger.info("parallelism %s", sizes)
        self.micro_batching.parallelism = sizes
        self.micro_batching.size = ctx.model_yaml_config.get("micro_batching", {}).get("micro_batch_size", 1)

    def handle(self, data, ctx):
        return self.micro_batching.handle(data, ctx)
