package sample

import "testing"

func TestSourcesGoByTheArgumentsName(t *testing.T) {
	for source, names := range map[string][]string{
		"ones": {
			"mask", "attention_mask", "attention_mask.1", "input_mask", "query_mask", "decoder_attention_mask", "inputMask",
			"attention_masks", "mask2", "attention_mask_a", "non_pad_mask", "head_mask", "src_mask",
		},
		"zeros": {
			"token_type_ids", "token_type_ids.1", "token_types", "input_type_ids", "segment_ids", "segments", "segments_tensors",
			"segment_ids_b", "lang_ids", "langs", "padding_mask", "src_key_padding_mask", "pad_mask", "padded_masks", "paddingMask",
		},
		"arange":    {"position_ids", "position_ids.3", "decoder_position_ids", "pos_ids"},
		"arange(4)": {"x", "input", "input_ids", "decoder_input_ids", "input_ids_a", "labels", "mask_index", "masked_lm_labels", "tokens_tensor"},
	} {
		for _, name := range names {
			if got := defaultSource(name, "int64", []int64{1, 8}).String(); got != source {
				t.Errorf("%s gets %s, want %s", name, got, source)
			}
		}
	}
	for _, test := range []struct{ name, dtype, want string }{
		{"src_key_padding_mask", "bool", "zeros"},
		{"src_key_padding_mask", "float32", "zeros"},
		{"src_mask", "bool", "zeros"}, // torch.nn.Transformer hides what is true
		{"attention_mask", "bool", "ones"},
		{"attention_mask", "float32", "ones"},
		{"x", "bool", "ones"},
		{"x", "float16", "random"},
		{"segments", "float32", "random"},
	} {
		if got := defaultSource(test.name, test.dtype, []int64{1, 8}).String(); got != test.want {
			t.Errorf("%s of %s gets %s, want %s", test.name, test.dtype, got, test.want)
		}
	}
}
