package pysource

// kind says what a token is. The names follow Python's own tokenizer.
type kind uint8

const (
	kindEnd kind = iota
	kindName
	kindNumber
	kindString
	kindOp
	kindNewline
	kindIndent
	kindDedent
	// An f-string is a start, then literal parts and fields, then an end.
	kindFStringStart
	kindFStringText
	kindFStringEnd
	kindFieldStart
	kindFieldEnd
	// kindFieldMark is the ! or : that ends the expression of a field.
	kindFieldMark
)

// token is one token of a source. For a kindName, op is its keyword or
// notKeyword; for a kindOp it is the operator.
type token struct {
	kind       kind
	op         op
	start, end int32
	line       int32
	// match is the index of the other one of a pair of brackets, of an
	// f-string's two ends, or of a field's two ends.
	match int32
}

// op is an operator or keyword; an operator of one character is that
// character.
type op uint8

const (
	notKeyword op = 0

	opWalrus op = iota + 128
	opArrow
	opPower
	opEllipsis
	opAugmented
	opOther

	kwFalse
	kwNone
	kwTrue
	kwAnd
	kwAs
	kwAssert
	kwAsync
	kwAwait
	kwBreak
	kwClass
	kwContinue
	kwDef
	kwDel
	kwElif
	kwElse
	kwExcept
	kwFinally
	kwFor
	kwFrom
	kwGlobal
	kwIf
	kwImport
	kwIn
	kwIs
	kwLambda
	kwNonlocal
	kwNot
	kwOr
	kwPass
	kwRaise
	kwReturn
	kwTry
	kwWhile
	kwWith
	kwYield
)

var keywords = map[string]op{
	"False": kwFalse, "None": kwNone, "True": kwTrue, "and": kwAnd, "as": kwAs,
	"assert": kwAssert, "async": kwAsync, "await": kwAwait, "break": kwBreak,
	"class": kwClass, "continue": kwContinue, "def": kwDef, "del": kwDel,
	"elif": kwElif, "else": kwElse, "except": kwExcept, "finally": kwFinally,
	"for": kwFor, "from": kwFrom, "global": kwGlobal, "if": kwIf,
	"import": kwImport, "in": kwIn, "is": kwIs, "lambda": kwLambda,
	"nonlocal": kwNonlocal, "not": kwNot, "or": kwOr, "pass": kwPass,
	"raise": kwRaise, "return": kwReturn, "try": kwTry, "while": kwWhile,
	"with": kwWith, "yield": kwYield,
}

// operators are those of more than one character, longest first.
var operators = []struct {
	text string
	op   op
}{
	{"**=", opAugmented}, {"//=", opAugmented}, {">>=", opAugmented},
	{"<<=", opAugmented}, {"...", opEllipsis},
	{"!=", opOther}, {"==", opOther}, {"<=", opOther}, {">=", opOther},
	{"<<", opOther}, {">>", opOther}, {"//", opOther},
	{"+=", opAugmented}, {"-=", opAugmented}, {"*=", opAugmented},
	{"/=", opAugmented}, {"%=", opAugmented}, {"&=", opAugmented},
	{"|=", opAugmented}, {"^=", opAugmented}, {"@=", opAugmented},
	{":=", opWalrus}, {"->", opArrow}, {"**", opPower},
}
