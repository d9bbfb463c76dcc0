package sample

import (
	"regexp"

	"go-model-archiver/validate/loadtest/protocol"
)

// role is what an argument is for, as far as its name tells.
type role int

const (
	noRole      role = iota
	tokenIDs         // of a vocabulary
	mask             // 1 is a token, and 0 padding
	paddingMask      // 1 is padding, and 0 a token
	pairMask         // between two sequences; a bool is true where a token is hidden
	otherMask        // of another shape than the tokens
	segments         // the part of the text, or the language, of a token
	positions
)

// roleNames are the names that models of text give to their arguments: those of
// Hugging Face, of Google's BERT (input_mask, segment_ids), of fairseq and of
// torch.nn.Transformer (src_key_padding_mask). The first that matches counts.
var roleNames = []struct {
	role role
	name *regexp.Regexp
}{
	{mask, named(`(non|not|no|un)_?pad(ded|ding)?_?masks?`)},
	{paddingMask, named(`pad(ded|ding)?_?masks?`)},
	{pairMask, named(`(src|tgt|memory|causal)_?masks?`)},
	{otherMask, named(`(head|pixel)_?masks?`)},
	{mask, named(`masks?`)},
	{segments, named(`types?|type_?ids?|seg(ment)?s?(_?ids?|_tensors?)?|lang(uage)?s?(_?ids?)?`)},
	{positions, named(`pos(ition)?_?ids`)},
	{tokenIDs, named(`ids|tokens?|tokens?_tensors?`)},
}

// named matches a name that ends in one of the words, and perhaps a number or a
// letter behind them: attention_mask, inputMask, mask2, input_ids_a.
func named(words string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)(` + words + `)(_?\d+|_[a-z])?$`)
}

// keyPadding is the mask that PyTorch's attention takes no whole numbers for.
var keyPadding = named(`key_?padding_?masks?`)

func roleOf(name string) role {
	name = baseName(name)
	for _, r := range roleNames {
		if r.name.MatchString(name) {
			return r.role
		}
	}
	return noRole
}

// tokensOf is what a tokenizer would give for an argument of a role; false is
// where that is but likely: its shape or its dtype can't be told.
func tokensOf(name string, r role, length int64) (n node, sure bool) {
	n = node{kind: protocol.Tensor, dtype: "int64", dims: []int64{1, length}}
	sure = r != noRole && r != pairMask && r != otherMask
	if r == paddingMask {
		n.dtype, sure = "bool", keyPadding.MatchString(baseName(name))
	}
	n.source = roleSource(r, n.dtype)
	return n, sure
}
