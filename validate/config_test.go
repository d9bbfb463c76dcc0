package validate

import (
	"strings"
	"testing"

	"go-model-archiver/validate/rules"
)

func configured(text string) archive { return python(serves).with(text) }

var configCases = []ruleCase{
	{name: "empty", archive: configured(""), want: []string{rules.ConfigUnreadable}, says: []string{`"c.yaml" is empty`}},
	{name: "comments alone", archive: configured("# minWorkers: 1\n"), want: []string{rules.ConfigUnreadable}, says: []string{"is empty"}},
	{name: "an empty document", archive: configured("---\n"), want: []string{rules.ConfigUnreadable}, says: []string{"is empty"}},
	{name: "no YAML", archive: configured("minWorkers: 1\n  maxWorkers: 2\n"), want: []string{rules.ConfigUnreadable}, says: []string{"line 2"}},
	{name: "an open bracket", archive: configured("minWorkers: 1\nx: [1,\n  2\n"), want: []string{rules.ConfigUnreadable}, says: []string{"line 2, column 4:"}},
	{name: "a colon too many", archive: configured("a: b: c\n"), want: []string{rules.ConfigUnreadable}, says: []string{"line 1, column 5: mapping values"}},
	{name: "a tab", archive: configured("a:\n\tb: 1\n"), want: []string{rules.ConfigUnreadable}, says: []string{"line 2, column 1", "indented with spaces"}},
	{name: "after a flow of two lines", archive: configured("a: [1,\n 2] b\nc: 1\n"), want: []string{rules.ConfigUnreadable}, says: []string{"line 2, column 5:"}},
	{name: "no anchor", archive: configured("é: *x\n"), want: []string{rules.ConfigUnreadable}, says: []string{"line 1, column 4: unknown anchor"}},
	{name: "a broken second document", archive: configured("a: 1\n---\nb: [\n"), want: []string{rules.ConfigUnreadable}, says: []string{"can't be read as YAML"}},
	{name: "a list for a key", archive: configured("? [a]\n: 1\n"), want: []string{rules.ConfigUnreadable}, says: []string{"a list for a key in line 1, column 3"}},
	{name: "a word among numbers", archive: configured("deviceIds: [0, one]\n"), want: []string{rules.ConfigValue}, says: []string{`deviceIds holds the text "one"`}},
	{name: "a list", archive: configured("- minWorkers: 1\n"), want: []string{rules.ConfigUnreadable}, says: []string{"is a list"}},
	{name: "a word", archive: configured("minWorkers\n"), want: []string{rules.ConfigUnreadable}, says: []string{`the text "minWorkers"`}},
	{name: "two documents", archive: configured("a: 1\n---\nb: 1\n"), want: []string{rules.ConfigUnreadable}, says: []string{"a second document in line 2"}},
	{name: "a tag of its own", archive: configured("a:\n  b: !env X\n"), want: []string{rules.ConfigUnreadable}, says: []string{"line 2, column 6", "!env"}},
	{name: "a tag for Python's objects", archive: configured("handler: !!python/object:os.system {}\n"), want: []string{rules.ConfigUnreadable}, says: []string{"!!python/object:os.system for a map in line 1, column 10"}},
	{name: "a tag of another kind", archive: configured("handler: !!str [1]\n"), want: []string{rules.ConfigUnreadable}, says: []string{"!!str for a list"}},
	{name: "a tag of a key", archive: configured("handler: {!!python/name:os.system x: 1}\n"), want: []string{rules.ConfigUnreadable}},
	{name: "a tag by its long name", archive: configured("%TAG !e! tag:example.com,2002:\n---\nhandler: !e!x 1\n"), want: []string{rules.ConfigUnreadable}},
	{name: "a number for a key", archive: configured("batchSize: 2\n1: 2\n"), want: []string{rules.ConfigUnreadable}, says: []string{"the key 1 in line 2, column 1", "in quotes"}},
	{name: "a fraction for a key", archive: configured("0.5: 2\n"), want: []string{rules.ConfigUnreadable}},
	{name: "a date for a key", archive: configured("2020-01-01: 2\n"), want: []string{rules.ConfigUnreadable}},
	{name: "null for a key", archive: configured("~: 2\n"), want: []string{rules.ConfigUnreadable}, says: []string{"the key null"}},
	{name: "a switch for a key", archive: configured("on: 2\n"), want: []string{rules.ConfigUnreadable}, says: []string{"the key on"}},
	{name: "an alias of a number for a key", archive: configured("a: &n 5\n*n : 2\n"), want: []string{rules.ConfigUnreadable}, says: []string{"the key 5 in line 2"}},
	{name: "UTF-16", archive: configured("\xff\xfea\x00:\x00 \x001\x00"), want: []string{rules.ConfigUnreadable}, says: []string{"is UTF-16", "save it as UTF-8"}},
	{name: "Latin-1", archive: configured("a: \"\xe9\"\n"), want: []string{rules.ConfigUnreadable}},
	{name: "YAML 2.0", archive: configured("%YAML 2.0\n---\na: 1\n"), want: []string{rules.ConfigUnreadable}},
	{name: "a directive without a document", archive: configured("%YAML 1.2\na: 1\n"), want: []string{rules.ConfigUnreadable}},
	{name: "a directive twice", archive: configured("%YAML 1.2\n%YAML 1.2\n---\na: 1\n"), want: []string{rules.ConfigUnreadable}},
	{
		name: "a value after a directive", archive: configured("# a\n%YAML 1.2 # b\n---\nbatchSize: x\n"),
		want: []string{rules.ConfigValue}, says: []string{"line 4"},
	},
	{
		name: "a quoted number", archive: configured("batchSize: \"4\"\n"),
		want: []string{rules.ConfigValue}, says: []string{`batchSize is the text "4"`, "wants a whole number"},
	},
	{name: "a fraction", archive: configured("maxBatchDelay: 1.5\n"), want: []string{rules.ConfigValue}},
	{name: "more than 32 bits", archive: configured("clientTimeoutInMills: 3000000000\n"), want: []string{rules.ConfigValue}},
	{name: "a number for a switch", archive: configured("useJobTicket: 1\n"), want: []string{rules.ConfigValue}, says: []string{"true or false"}},
	{name: "one number for a list", archive: configured("deviceIds: 0\n"), want: []string{rules.ConfigValue}, says: []string{"a list of whole numbers"}},
	{name: "another device", archive: configured("deviceType: cuda\n"), want: []string{rules.ConfigValue}, says: []string{"cpu or gpu"}},
	{name: "a negative number", archive: configured("responseTimeout: 0\n"), want: []string{rules.ConfigValue}, says: []string{"from 1 on"}},
	{name: "null", archive: configured("minWorkers:\n"), want: []string{rules.ConfigValue}, says: []string{"minWorkers is null"}},
	{name: "a type below torchrun", archive: configured("torchrun:\n  nproc-per-node: gpu\n"), want: []string{rules.ConfigValue}, says: []string{"torchrun: nproc-per-node"}},
	{name: "another case", archive: configured("BatchSize: 4\n"), want: []string{rules.ConfigKey}, says: []string{`did you mean "batchSize"?`}},
	{name: "underscores", archive: configured("max_workers: 4\n"), want: []string{rules.ConfigKey}, says: []string{`"maxWorkers"`}},
	{name: "a letter left out", archive: configured("responseTimout: 4\n"), want: []string{rules.ConfigKey}, says: []string{`"responseTimeout"`}},
	{name: "underscores below torchrun", archive: configured("torchrun:\n  nproc_per_node: 2\n"), want: []string{rules.ConfigKey}, says: []string{`"nproc-per-node"`}},
	{name: "workers", archive: configured("minWorkers: 4\nmaxWorkers: 2\n"), want: []string{rules.ConfigWorkers}, says: []string{"minWorkers 4 and maxWorkers 2"}},
	{name: "workers without their most", archive: configured("minWorkers: 4\n"), want: []string{rules.ConfigWorkers}, says: []string{"no maxWorkers; TorchServe ignores it"}},
	{name: "workers without their least", archive: configured("maxWorkers: 4\n"), want: []string{rules.ConfigWorkers}, says: []string{"no minWorkers"}},
	{name: "workers of which one is ignored already", archive: configured("minWorkers: 4\nmaxWorkers: -1\n"), want: []string{rules.ConfigValue}},
	{name: "workers of no type", archive: configured("minWorkers: x\nmaxWorkers: 1\n"), want: []string{rules.ConfigValue}},

	{name: "too large", archive: configured(strings.Repeat("# \n", 1<<19)), want: []string{rules.FileTooLarge}},

	{name: "all there is", archive: configured("minWorkers: 1\nmaxWorkers: 4\nbatchSize: 8\ndeviceType: \"GPU\"\ndeviceIds: [0, 1]\nparallelType: tp\nuseVenv: yes\n" +
		"torchrun:\n  nproc-per-node: 4\n  OMP_NUMBER_THREADS: 2\npt2:\n  compile:\n    enable: True\n")},
	{name: "numbers of YAML 1.1", archive: configured("jobQueueSize: 1_000\nmaxBatchDelay: 0x64\nresponseTimeout: 1:30\n")},
	{name: "a number with its tag", archive: configured("batchSize: !!int \"4\"\n")},
	{name: "YAML 1.2", archive: configured("%YAML 1.2\n---\nbatchSize: 2\n")},
	{name: "a mark, another 1.x and a directive of nobody", archive: configured("\ufeff%YAML 1.10\r\n%X y\r\n---\r\nbatchSize: 2\r\n")},
	{name: "tags that have values", archive: configured("handler:\n  a: !!set {x, y}\n  b: !!binary aGk=\n  c: !!omap [d: 1]\n  e: !!str 1\n  f: ! g\n  h: 2020-01-01\n  i: !<tag:yaml.org,2002:str> x\n")},
	{name: "keys that look like numbers", archive: configured("\"1\": 2\n!!str 2: 3\n08: 1\n0o10: 1\ny: 1\n1.2.3: 1\nhandler: {1: 2, null: 3, true: 4}\n")},
	{name: "a merge", archive: configured("a: &x {batchSize: 3, minWorkers: 1}\nmaxWorkers: 1\n<<: *x\n")},
	{name: "free sections", archive: configured("micro_batching:\n  parallelism: 2\nhandler: {batch_size: x}\ndali: [1]\npt2: openvino\n")},
	{name: "an anchor", archive: configured("x: &n 4\nbatchSize: *n\n")},
	{name: "a key that the handler reads", archive: named("h.py", serves+"key = context.model_yaml_config['batch_size']\n").with("batch_size: 4\n")},
	{name: "one word", archive: configured("anything: 1\nhandlers: {}\n")},
}

func TestConfig(t *testing.T) { runCases(t, configCases) }

func required(lines string) archive {
	a := python(serves)
	a.require = "r.txt"
	return a.beside("r.txt", lines)
}

// importing is a handler that imports modules.
func importing(statements, lines string) archive {
	a := required(lines)
	a.files["h.py"] = statements + serves
	return a
}

var (
	unused = []string{rules.RequirementsUnused}
	broken = []string{rules.RequirementsSyntax, rules.RequirementsUnused}
)

var requirementsCases = []ruleCase{
	{name: "one equals sign", archive: required("numpy\ntorch=1.13\n"), want: broken, says: []string{`line 2 of "r.txt"`, `"=1.13" after the package's name`}},
	{name: "a space for the version", archive: required("numpy 1.0"), want: broken},
	{name: "a command", archive: required("pip install numpy"), want: broken},
	{name: "no version", archive: required("numpy>="), want: broken},
	{name: "an open bracket", archive: required("uvicorn[standard"), want: broken},
	{name: "nothing after the semicolon", archive: required("numpy ;"), want: broken},
	{name: "half a marker", archive: required("numpy ; sys_platform == 'linux' and"), want: broken, says: []string{"no valid marker"}},
	{name: "a marker of one word", archive: required("numpy ; linux"), want: broken},
	{name: "an unknown option", archive: required("--quiet-please"), want: broken, says: []string{"pip knows no option"}},
	{name: "an option without a value", archive: required("--index-url"), want: broken},
	{name: "another file that is not packed", archive: required("-r base.txt"), want: broken, says: []string{`"base.txt" is named`, "add files that are named"}},
	{name: "two lines", archive: required("a b\nc d\n"), want: broken, says: []string{"and 1 more line"}},
	{
		name: "an import that nothing brings", archive: importing("import torch, transformers\nfrom sklearn.svm import SVC\n", "numpy"),
		want: append(unused, rules.HandlerImports), says: []string{"imports transformers, sklearn", `nor "r.txt" brings along`},
	},
	{
		name: "an import without a requirements file", archive: python("import transformers.models\n" + serves),
		want: []string{rules.HandlerImports}, says: []string{"neither TorchServe nor the archive brings along"},
	},

	{
		name: "an import from the handler's own package", archive: python("import os\nfrom .helper import x\n"+serves).beside("helper.py", ""),
		want: []string{rules.HandlerRelativeImport}, says: []string{`"from .helper import …" in line 2`},
	},
	{name: "one that is tried", archive: python("try:\n    from . import x\nexcept ImportError:\n    import os\n" + serves)},
	{name: "one of TorchServe's own handler", archive: called("image_classifier.py", "from .vision_handler import VisionHandler\n"+serves)},

	{name: "none", archive: python(serves)},
	{name: "what pip takes", want: unused, archive: required("# packages\n\nnumpy\ntransformers>=4.30,<5\ntorch == 2.0.0+cpu  # pinned\n" +
		"uvicorn[standard, x]~=0.2\nfoo ; python_version < \"3.9\"\nfoo2; (os_name=='nt' or sys_platform in \"a;b\") and extra == 'x'\nbar @ https://example.com/bar.zip\nbaz (>=1.0)\n" +
		"nvidia-dali-cuda110>=1.27.0\nscipy==1.* \\\n  --hash=sha256:abcd\n--extra-index-url https://example.com\n-f links\n-i https://example.com\n" +
		"git+https://example.com/x.git#egg=x\n./wheels/y.whl\n-e git+https://example.com/z.git#egg=z\n--pre\n")},
	{name: "a file that is packed", archive: required("-c limits.txt").beside("limits.txt", "numpy<2\n"), want: unused},
	{name: "imports that are brought along", want: unused, archive: importing(
		"import json, os.path, numpy as np\nfrom PIL import Image\nfrom ts.torch_handler.base_handler import BaseHandler\n"+
			"import sklearn\nimport cv2\nfrom helper import x\nfrom pkg.part import y\n"+
			"try:\n    import optional\nexcept ImportError:\n    pass\ndef f():\n    import later\n",
		"scikit_learn\nopencv-python-headless>=4\n").beside("helper.py", "").beside("pkg/part.py", "")},
	{name: "requirements that may bring anything", archive: importing("import transformers\n", "git+https://example.com/transformers.git"), want: unused},
}

func TestRequirements(t *testing.T) { runCases(t, requirementsCases) }

func TestSettingsOfAnotherYAML(t *testing.T) {
	c := configured("%YAML 1.2\n---\nhandler: {max_length: 7}\n").check(t)
	if c.settings.MaxLength != 7 {
		t.Errorf("max_length is %d, want 7", c.settings.MaxLength)
	}
}
