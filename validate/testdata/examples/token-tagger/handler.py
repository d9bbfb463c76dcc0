"""Tags tokens, with the settings in setup_config.json."""

import json
import os

from transformers import AutoModelForTokenClassification
from ts.torch_handler.base_handler import BaseHandler


class Tagger(BaseHandler):
    def __init__(self):
        super(Tagger, self).__init__()
        self.setup_config = None

    def initialize(self, ctx):
        model_dir = ctx.system_properties.get("model_dir")
        setup_config_path = os.path.join(model_dir, "setup_config.json")
        if os.path.isfile(setup_config_path):
            with open(setup_config_path) as setup_config_file:
                self.setup_config = json.load(setup_config_file)
        self.max_length = int(self.setup_config["max_length"])
        if self.setup_config["save_mode"] == "pretrained" and self.setup_config["mode"] == "token_classification":
            self.model = AutoModelForTokenClassification.from_pretrained(model_dir)
        mapping_file_path = os.path.join(model_dir, "index_to_name.json")
        if os.path.isfile(mapping_file_path):
            with open(mapping_file_path) as f:
                self.mapping = json.load(f)

    def postprocess(self, data):
        label_list = self.mapping["label_list"]
        label_list = label_list.strip("][").split(", ")
        return [label_list[i] for i in data]
