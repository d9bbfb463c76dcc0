package rules

// Ids of the rules about the handler's file.
const (
	HandlerMissing        = "handler-missing"
	HandlerElsewhere      = "handler-elsewhere"
	HandlerUnread         = "handler-unread"
	HandlerEntryPoint     = "handler-entry-point"
	HandlerFunction       = "handler-function"
	HandlerClass          = "handler-class"
	HandlerArguments      = "handler-arguments"
	HandlerCall           = "handler-call"
	HandlerRelativeImport = "handler-relative-import"
	HandlerImports        = "handler-imports"
	ModelFileClasses      = "model-file-classes"
	VocabularyMissing     = "vocabulary-missing"
)

var handlerRules = []Rule{
	{
		ID: HandlerMissing, Severity: Error,
		Summary:  "the handler is neither built in nor packed",
		Example:  `the handler "my_handler.py" is not built into TorchServe, and the archive has no "my_handler.py"`,
		Preempts: []string{"No module named 'ts.torch_handler.my_handler'"},
	},
	{
		ID: HandlerElsewhere, Severity: Note,
		Summary: "the handler is a module that the archive does not hold",
		Example: `the handler "company.handlers" is no entry of the archive; TorchServe finds it only where it is installed`,
	},
	{
		ID: HandlerUnread, Severity: Warning,
		Summary:  "the file of the handler or of the model does not look like Python 3, so less of it was checked",
		Example:  `"handler.py" can't be read to its end: line 7: unexpected indentation; what it needs was not checked`,
		Preempts: []string{"SyntaxError: invalid syntax"},
	},
	{
		ID: HandlerRelativeImport, Severity: Error,
		Summary:  "the handler imports from its own package, and TorchServe imports it without one",
		Example:  `"handler.py" has "from .helper import …" in line 3, and TorchServe imports the handler as a module without a package`,
		Preempts: []string{"No module named 'ts.torch_handler.handler'"},
	},
	{
		ID: HandlerEntryPoint, Severity: Error,
		Summary:  "the handler's file has neither the function that TorchServe calls nor exactly one class",
		Example:  `"handler.py" defines no function "handle" and 2 classes (Labels, Handler), and TorchServe takes a class only where it is the only one`,
		Preempts: []string{"Expected only one class in custom service code or a function entry point"},
	},
	{
		ID: HandlerFunction, Severity: Warning,
		Summary: "the handler's file lacks the named function, and TorchServe takes its class instead",
		Example: `"handler.py" defines no function "serve"; TorchServe takes the class Handler instead`,
	},
	{
		ID: HandlerClass, Severity: Error,
		Summary:  "the handler's class lacks a method that TorchServe calls",
		Example:  `the class Handler of "handler.py" has no method "initialize"`,
		Preempts: []string{"Expect handle method in class <class 'handler.Handler'>"},
	},
	{
		ID: HandlerArguments, Severity: Error,
		Summary:  "a function or method of the handler does not take the arguments that TorchServe passes",
		Example:  `"handle" in line 4 of "handler.py" takes 1 argument, and TorchServe passes 2: data, context`,
		Preempts: []string{"handle() takes 1 positional argument but 2 were given"},
	},
	{
		ID: HandlerCall, Severity: Error,
		Summary: "the handler's call of the model does not fit forward",
		Example: `forward of "traced_model.pt" takes 1 argument (input_ids: Tensor), and "handler.py" passes 2 in line 201`,
		Preempts: []string{
			"forward() expected at most 2 argument(s) but received 3 argument(s)",
			"forward() is missing value for argument 'input'",
			"forward() Expected a value of type 'List[Tensor]' for argument 'images' but instead found type 'Tensor'",
		},
	},
	{
		ID: HandlerImports, Severity: Note,
		Summary:  "the handler imports what nothing brings along",
		Example:  `"handler.py" imports transformers, which neither TorchServe nor the archive nor "requirements.txt" brings along`,
		Preempts: []string{"No module named 'ts.torch_handler.handler'"},
	},
	{
		ID: ModelFileClasses, Severity: Error,
		Summary:  "the model file does not define exactly one class",
		Example:  `"model.py" defines 2 classes (Block, Net), and the handler takes a model file with exactly one`,
		Preempts: []string{"Expected only one class as model definition."},
	},
	{
		ID: VocabularyMissing, Severity: Error,
		Summary:  "the built-in text_classifier has no source_vocab.pt",
		Example:  `the handler "text_classifier" needs "source_vocab.pt", and the archive has none`,
		Preempts: []string{"Missing the source_vocab file."},
	},
}
