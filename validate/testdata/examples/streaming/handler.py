"""Settings with a fallback for old servers, answers in pieces, an abstract base beside it elsewhere."""

from abc import ABC

import torch
from ts.handler_utils.utils import send_intermediate_predict_response
from ts.torch_handler.base_handler import BaseHandler


class StreamingHandler(BaseHandler, ABC):
    def initialize(self, ctx):
        try:
            self.chunks = ctx.model_yaml_config["handler"]["chunks"]
        except KeyError:
            self.chunks = 3
        self.model = torch.nn.Identity()
        self.initialized = True

    def preprocess(self, requests):
        return [r.get("data") or r.get("body") for r in requests]

    def inference(self, rows):
        for i in range(self.chunks - 1):
            send_intermediate_predict_response([str(i)], self.context.request_ids, "", 200, self.context)
        return self.model(rows, rows) if isinstance(rows, dict) else self.model(rows)

    def postprocess(self, rows):
        return rows
