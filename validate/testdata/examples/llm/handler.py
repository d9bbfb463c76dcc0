"""All settings below handler:, and weights that are no serialized file."""

import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer
from ts.context import Context
from ts.torch_handler.distributed.base_pippy_handler import BasePippyHandler


class LLMHandler(BasePippyHandler):
    def initialize(self, ctx: Context):
        super().initialize(ctx)
        model_path = ctx.model_yaml_config["handler"]["model_path"]
        self.max_length = ctx.model_yaml_config["handler"]["max_length"]
        self.dtype = {"fp16": torch.float16}[ctx.model_yaml_config["handler"].get("dtype", "fp16")]
        pt2 = ctx.model_yaml_config.get("pt2", {})
        if "compile" in pt2:
            options = pt2["compile"]
            del options["enable"]
        torch.manual_seed(ctx.model_yaml_config["handler"]["manual_seed"])
        self.tokenizer = AutoTokenizer.from_pretrained(model_path, return_tensors="pt")
        self.model = AutoModelForCausalLM.from_pretrained(model_path, torch_dtype=self.dtype)

    def inference(self, inputs):
        return self.model.generate(inputs, max_length=self.max_length)
