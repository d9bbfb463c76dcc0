"""Tiny models of Hugging Face's transformers, traced as TorchServe's example traces them."""

import torch
import transformers

from . import describe
from .describe import Model

SMALL = dict(vocab_size=500, num_labels=2, initializer_range=0.2)
BERT = SMALL | dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64)

# A trace for 150 tokens with 160 positions: 150 fits, 200 does not.
LENGTH, POSITIONS = 150, 160
# A Longformer's trace runs at its own length only.
LONGFORMER_LENGTH = 80


def ids(length):
    return describe.Tensor("int64", [1, length])


def mask(length):
    return describe.Tensor("int64", [1, length], "ones")


def both(length):
    return {"input_ids": ids(length), "attention_mask": mask(length)}


def traced(model, sample, **options):
    example = tuple(value.value(name, None) for name, value in sample.items())
    script = torch.jit.trace(model.eval(), example, **options)
    return Model(script, f"torch.jit.trace of a tiny {type(model).__name__}", sample)


def bert(kind, **config):
    config = BERT | dict(max_position_embeddings=POSITIONS, torchscript=True) | config
    return kind(transformers.BertConfig(**config))


def distilbert():
    config = transformers.DistilBertConfig(
        **SMALL, dim=32, n_layers=2, n_heads=2, hidden_dim=64, max_position_embeddings=POSITIONS, torchscript=True)
    return transformers.DistilBertForSequenceClassification(config)


def roberta():
    # Two positions are spare: RoBERTa counts from its padding index on.
    config = transformers.RobertaConfig(**BERT, max_position_embeddings=POSITIONS + 2, torchscript=True)
    return transformers.RobertaForSequenceClassification(config)


def bart():
    config = transformers.BartConfig(
        vocab_size=300, num_labels=2, init_std=0.2, d_model=16, encoder_layers=1, decoder_layers=1,
        encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=32, decoder_ffn_dim=32,
        max_position_embeddings=POSITIONS, torchscript=True)
    return transformers.BartForSequenceClassification(config)


def longformer():
    config = transformers.LongformerConfig(
        **BERT | dict(hidden_size=16, num_hidden_layers=1), attention_window=16, max_position_embeddings=POSITIONS + 2, torchscript=True)
    return transformers.LongformerForSequenceClassification(config)


SEQUENCE = transformers.BertForSequenceClassification

BUILDERS = {
    "bert-seq": lambda: traced(bert(SEQUENCE), both(LENGTH)),
    "bert-seq-ids-only": lambda: traced(bert(SEQUENCE), {"input_ids": ids(LENGTH)}),
    "bert-seq-dict": lambda: traced(bert(SEQUENCE, torchscript=False), both(LENGTH), strict=False),
    "bert-qa": lambda: traced(bert(transformers.BertForQuestionAnswering), both(LENGTH)),
    "bert-token": lambda: traced(bert(transformers.BertForTokenClassification, num_labels=5), both(LENGTH)),
    "distilbert-seq": lambda: traced(distilbert(), both(LENGTH)),
    "roberta-seq": lambda: traced(roberta(), both(LENGTH)),
    "bart-seq": lambda: traced(bart(), both(LENGTH)),
    "longformer-80": lambda: traced(longformer(), both(LONGFORMER_LENGTH)),
}


def make(folder, only):
    for name, build in BUILDERS.items():
        if not only or name in only:
            torch.manual_seed(0)
            describe.write(folder, name, build())
