"""A handler in the manner of TorchServe's Hugging Face examples."""

import json
import logging
import os
from abc import ABC

import torch
import transformers as tf
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from ts.torch_handler.base_handler import BaseHandler

try:
    from captum.attr import LayerIntegratedGradients
except ImportError:
    LayerIntegratedGradients = None

logger = logging.getLogger(__name__)
logger.info("transformers %s", tf.__version__)


class SequenceHandler(BaseHandler, ABC):
    """Answers with a label for each text."""

    def __init__(self):
        super().__init__()
        self.initialized = False

    def initialize(self, ctx):
        properties = ctx.system_properties
        model_dir = properties.get("model_dir")
        model_pt_path = os.path.join(model_dir, ctx.manifest["model"]["serializedFile"])
        self.device = torch.device(
            "cuda:" + str(properties.get("gpu_id"))
            if torch.cuda.is_available() and properties.get("gpu_id") is not None
            else "cpu"
        )
        setup_config_path = os.path.join(model_dir, "setup_config.json")
        with open(setup_config_path) as file:
            self.setup_config = json.load(file)

        if self.setup_config["save_mode"] == "torchscript":
            self.model = torch.jit.load(model_pt_path, map_location=self.device)
        elif self.setup_config["save_mode"] == "pretrained":
            self.model = AutoModelForSequenceClassification.from_pretrained(model_dir)
        else:
            logger.warning("no save_mode")
        self.tokenizer = AutoTokenizer.from_pretrained(
            model_dir, do_lower_case=self.setup_config.get("do_lower_case", True)
        )
        mapping_file_path = f"{model_dir}/index_to_name.json"
        if os.path.isfile(mapping_file_path):
            with open(mapping_file_path) as f:
                self.mapping = json.load(f)
        self.initialized = True

    def preprocess(self, requests):
        input_ids_batch, attention_mask_batch = None, None
        for data in requests:
            text = data.get("data") or data.get("body")
            if isinstance(text, (bytes, bytearray)):
                text = text.decode("utf-8")
            max_length = self.setup_config["max_length"]
            inputs = self.tokenizer.encode_plus(
                text, max_length=int(max_length), padding="max_length", return_tensors="pt", **{}
            )
            ids = inputs["input_ids"].to(self.device)
            input_ids_batch = ids if input_ids_batch is None else torch.cat((input_ids_batch, ids), 0)
        return input_ids_batch, attention_mask_batch

    @torch.no_grad()
    def inference(self, input_batch, *args, **kwargs):
        input_ids_batch, attention_mask_batch = input_batch
        predictions = self.model(input_ids_batch, attention_mask_batch)
        logger.info("output size %s", predictions[0].size())
        return [self.mapping[str(row.argmax().item())] for row in predictions[0]]

    def postprocess(self, inference_output):
        return inference_output
