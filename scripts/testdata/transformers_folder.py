"""The folder in which the README's command runs, laid out as TorchServe's Hugging Face example."""

import json
import shutil

from . import hugging_face

SETUP = {
    "model_name": "bert-base-uncased",
    "mode": "sequence_classification",
    "do_lower_case": True,
    "num_labels": "2",
    "save_mode": "torchscript",
    "max_length": str(hugging_face.LENGTH),
    "captum_explanation": True,
    "embedding_name": "bert",
    "FasterTransformer": False,
    "BetterTransformer": False,
    "model_parallel": False,
}
LABELS = {"0": "not accepted", "1": "accepted"}

MODEL_CONFIG = """minWorkers: 1
maxWorkers: 1
batchSize: 4
maxBatchDelay: 100
responseTimeout: 120

handler:
  model_name: bert-base-uncased
  mode: sequence_classification
  do_lower_case: true
  num_labels: 2
  save_mode: torchscript
  max_length: {length}
  captum_explanation: true
  embedding_name: bert
"""


def make(folder, models):
    (folder / "Transformer_model").mkdir(parents=True, exist_ok=True)
    (folder / "Seq_classification_artifacts").mkdir(exist_ok=True)
    shutil.copyfile(models / "bert-seq.pt", folder / "Transformer_model" / "traced_model.pt")
    (folder / "setup_config.json").write_text(json.dumps(SETUP, indent=1) + "\n")
    (folder / "Seq_classification_artifacts" / "index_to_name.json").write_text(json.dumps(LABELS, indent=1) + "\n")
    (folder / "model-config.yaml").write_text(MODEL_CONFIG.format(length=hugging_face.LENGTH))
    (folder / "model-config-too-long.yaml").write_text(MODEL_CONFIG.format(length=hugging_face.POSITIONS + 40))
