"""Classifies sequences of token ids with a TorchScript model."""

import json
import logging
import os

import torch
from ts.torch_handler.base_handler import BaseHandler

logger = logging.getLogger(__name__)


class TokenClassifier(BaseHandler):
    """Takes {"input_ids": [...]} and answers {"label": ..., "logits": [...]}."""

    def initialize(self, context):
        properties = context.system_properties
        self.manifest = context.manifest
        self.device = torch.device("cpu")
        model_dir = properties.get("model_dir")

        self.settings = self.read_settings(context, model_dir)
        self.max_length = int(self.settings["max_length"])
        if self.settings["save_mode"] != "torchscript":
            raise ValueError(f"save_mode {self.settings['save_mode']!r} is not served, only torchscript")

        serialized_file = self.manifest["model"]["serializedFile"]
        self.model = torch.jit.load(os.path.join(model_dir, serialized_file), map_location=self.device)
        self.model.eval()

        labels = os.path.join(model_dir, "index_to_name.json")
        self.labels = None
        if os.path.isfile(labels):
            with open(labels) as file:
                self.labels = json.load(file)
        logger.info("model of at most %d tokens is ready", self.max_length)
        self.initialized = True

    @staticmethod
    def read_settings(context, model_dir):
        """Settings stand in setup_config.json, or under handler: in the config file."""
        path = os.path.join(model_dir, "setup_config.json")
        if os.path.isfile(path):
            with open(path) as file:
                return json.load(file)
        config = getattr(context, "model_yaml_config", None) or {}
        if "handler" not in config:
            raise FileNotFoundError("neither setup_config.json nor handler: in the config file")
        return config["handler"]

    def preprocess(self, requests):
        rows, masks = [], []
        for request in requests:
            body = request.get("data") or request.get("body")
            if isinstance(body, (bytes, bytearray)):
                body = json.loads(body)
            ids = list(body["input_ids"])[: self.max_length]
            padding = self.max_length - len(ids)
            rows.append(ids + [0] * padding)
            masks.append([1] * len(ids) + [0] * padding)
        return torch.tensor(rows), torch.tensor(masks)

    def inference(self, inputs):
        with torch.no_grad():
            return self.model(*inputs)[0]

    def postprocess(self, logits):
        answers = []
        for row in logits.tolist():
            best = str(max(range(len(row)), key=row.__getitem__))
            answers.append({"label": self.labels[best] if self.labels else best, "logits": row})
        return answers
