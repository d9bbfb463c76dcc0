"""Reads its config where its own helper hands it on."""

import abc

from ts.torch_handler.base_handler import BaseHandler

from parallel import load_model


class ParallelHandler(BaseHandler, abc.ABC):
    def initialize(self, ctx):
        self.settings = ctx.model_yaml_config.get("handler", {})
        self.model = load_model(self.settings)

    def inference(self, batch):
        return self.model(batch["input_ids"], attention_mask=batch["attention_mask"])
