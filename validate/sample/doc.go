// Package sample makes the sample of a load test: one input of a fixed shape
// for each argument of the model's forward. It is written by the user in a
// small grammar (Parse), derived from what the model's settings say, or a mix
// of both (Build).
//
// The grammar, in EBNF; spaces may stand between any two symbols:
//
//	sample = [ NAME ":" ] value
//	value  = tensor | list | tuple | dict | scalar | "none"
//	tensor = DTYPE dims [ "=" source ] | [ DTYPE [ dims ] "=" ] file
//	dims   = "[" [ INT { "," INT } ] "]"
//	source = "zeros" | "ones" | "arange" [ "(" INT ")" ] | "random"
//	       | "randint" "(" INT "," INT ")" | file
//	file   = "@" text [ "[" text "]" ]
//	list   = "[" [ value { "," value } [ "," ] ] "]"
//	tuple  = "(" [ value { "," value } [ "," ] ] ")"
//	dict   = "{" [ key ":" value { "," key ":" value } [ "," ] ] "}"
//	key    = STRING | INT | "float" "=" NUMBER | "bool" "=" ( "true" | "false" )
//	scalar = "int" "=" INT | "float" "=" NUMBER
//	       | "bool" "=" ( "true" | "false" ) | "str" "=" text
//	text   = WORD | STRING
//
// NAME is an argument of forward ("input_ids", "x.1"). DTYPE is one of uint8,
// int8, int16, int32, int64, float16, bfloat16, float32, float64 and bool.
// STRING stands in double quotes, with Go's escapes. A WORD ends before a
// space, a quote of either kind, a comma or a closing bracket, and in a file
// before an opening bracket too; a file name or a text with one of these is
// written as a STRING. No symbol of the grammar is
// a single quote, so a shell takes every sample between two of them.
//
// The sources: arange counts 0, 1, 2, …, and arange(N) counts 0 to N-1 again
// and again. random draws floats evenly from [0, 1), randint(LOW,HIGH) draws
// whole numbers from LOW to HIGH-1. Both draw from PCG (math/rand/v2), seeded
// with --seed and the tensor's place, so that a tensor keeps its numbers when
// another argument's sample changes. A file is a NumPy .npy, or a .npz with
// the array's name in brackets; a DTYPE and dims beside it must be its own, but
// floats are converted to another float DTYPE. In a .npz without a name in
// brackets the array is the one with the argument's name, or the only one. A
// .npz that stands alone gives all its arrays: to the arguments of their names,
// or in order where none has a name of theirs. An array without dimensions
// makes an int, a float or a bool where forward takes one. A tuple makes a
// NamedTuple where forward takes one.
//
// A tensor without a source gets one by its name, which is the argument's or
// the key's in a dict. Masks are ones: mask, attention_mask, input_mask and
// others that end so. Those that are true where a token is hidden are zeros:
// padding_mask, pad_mask, src_key_padding_mask, and where they are bools the
// src_mask, tgt_mask, memory_mask and causal_mask of torch.nn.Transformer.
// Whole numbers are zeros for the types and languages of tokens
// (token_type_ids, segment_ids, langs), and 0, 1, 2, … in each row for
// position_ids. Otherwise floats are random, bools are true, and whole numbers
// arange(4), those of input_ids and decoder_input_ids too: these are valid
// tokens of any vocabulary, and a model that looks for one of the special
// tokens finds it.
//
// max_length gives int64 [1, max_length] to the tensors whose name tells that
// they are ids, a mask, types or positions of tokens, and bools to a
// key_padding_mask, which PyTorch takes nothing else for. Beside a save_mode,
// the first two tensors are ids and their mask under any name, as the Hugging
// Face handler gives them. Nothing is derived for other tensors, such as
// pixel_values, and for masks whose shape or dtype the name does not tell
// (padding_mask, src_mask, head_mask).
package sample
