package torchscript

import "strings"

// call is a call of an operator whose arguments are being read, or with an
// empty operator any other bracket.
type call struct {
	operator string
	watched  bool   // in trainable
	place    int    // of the argument that is being read
	word     string // the argument so far, where it is one word
	before   string // the argument before it
}

// trainable are the operators that compute something else in training than in
// evaluation, with the place of the argument that says which; 0 is the one
// behind the probability of dropout, whose place differs.
var trainable = map[string]int{
	"aten::dropout": 0, "aten::dropout_": 0, "aten::native_dropout": 0,
	"aten::feature_dropout": 0, "aten::feature_dropout_": 0,
	"aten::alpha_dropout": 0, "aten::alpha_dropout_": 0,
	"aten::feature_alpha_dropout": 0, "aten::feature_alpha_dropout_": 0,
	"aten::lstm": 0, "aten::gru": 0, "aten::rnn_tanh": 0, "aten::rnn_relu": 0,
	"aten::rrelu": 0, "aten::rrelu_": 0,
	"aten::batch_norm": 5, "aten::native_batch_norm": 5, "aten::cudnn_batch_norm": 5,
	"aten::scaled_dot_product_attention": 4, // the probability itself
}

// trains says that the argument that is being read, which is a constant in the
// code, lets the operator compute as in training, whatever mode the module is in.
func (c *call) trains() bool {
	place := trainable[c.operator]
	switch {
	case place > 0 && c.place != place:
		return false
	case c.operator == "aten::scaled_dot_product_attention":
		return isProbability(c.word)
	case place == 0:
		return c.word == "True" && isProbability(c.before)
	}
	// Without a running mean it computes so in evaluation too.
	return c.word == "True" && c.before != "None"
}

// isProbability says that an argument is a number other than 0.
func isProbability(word string) bool {
	return strings.Trim(word, "0123456789.e+-") == "" && strings.ContainsAny(word, "123456789")
}

// argument notes a word of an operator's argument.
func (l *lexer) argument() {
	n := len(l.calls)
	if n == 0 || l.deeper > 0 || len(l.word) == maxWord {
		return
	}
	if c := &l.calls[n-1]; c.watched {
		c.word = string(l.word)
		if c.trains() {
			l.scan.training.add(c.operator)
		}
	}
}

// next notes that another argument begins.
func (l *lexer) next() {
	if n := len(l.calls); n > 0 && l.deeper == 0 {
		c := &l.calls[n-1]
		c.place, c.before, c.word = c.place+1, c.word, ""
	}
}
