package differential

import (
	"strings"
	"testing"
)

// A command line is written as in a shell, with single quotes only; "$m" is
// all that is required and "$b" is all but the handler.
const (
	base = "--model-name m --version 1.0"
	all  = base + " --handler base_handler"
)

// words splits a command line.
func words(t *testing.T, line string) []string {
	t.Helper()
	line = strings.NewReplacer("$m", all, "$b", base).Replace(line)
	out := []string{} // never null in JSON
	for i, part := range strings.Split(line, "'") {
		if i%2 == 0 {
			out = append(out, strings.Fields(part)...)
		} else {
			out = append(out, part)
		}
	}
	return out
}

// same are command lines for the dummy files on which both tools agree.
var same = []string{
	// What is required, and what is no flag.
	"",
	"--model-name m",
	"--model-name m --version 1.0",
	"--model-name m --handler base_handler",
	"--version 1.0 --handler base_handler",
	"$m stray",
	"$m -- stray",
	"$m --unknown x",
	"$m -x",
	"$m --runtime java",
	"$m --archive-format zip",
	"$m --force=yes",
	"$m --serialized-file",
	"$m --serialized-file --force",
	"--help",
	"-h",
	"$m --help",

	// argparse's spellings.
	"$m",
	"--model-name=m --version=1.0 --handler=base_handler",
	"--model-n m --vers 1.0 --ha base_handler --ser model.pt --model-f model.py",
	"--model-n=m --v=1.0 --ha=base_handler --ex=a.txt",
	"--model-name m -v 1.0 --handler base_handler",
	"--model-name m -v1.0 --handler base_handler",
	"--model-name m -v=1.0 --handler base_handler",
	"--model-name m -fv 1.0 --handler base_handler",
	"--model-name m -fv1.0 --handler base_handler",
	"--model-name m -vf 1.0 --handler base_handler",
	"--model-name m --version -1 --handler base_handler",
	"--model-name m --version -x --handler base_handler",
	"--model-name m --version=-x --handler base_handler",
	"$m --version 2 --version 3",
	"$m -r requirements.txt -c config.yaml",
	"$m -rrequirements.txt -c=config.yaml",
	"$m --req requirements.txt --co config.yaml --ru python3 --ar zip-store --fo",
	"$m --re requirements.txt --ext a.txt --exp out",
	"$m --extra=a.txt --a tgz --s model.pt --f",
	"$m --m x",
	"$m --ex a.txt",
	"$m --r requirements.txt",
	"$m --h",
	"$m --handle handler --archive tgz",
	"$m -ff",
	"$m -fr requirements.txt -fc config.yaml",
	"$m -frrequirements.txt",
	"$m -f=1",
	"$m -vv",
	"$m -hv 1",
	"$m -",
	"$m --serialized-file -",
	"$m --extra-files -a.txt",
	"$m --extra-files '-a b.txt'",
	"$m --model-names x",
	"$m --archive-format default --archive-format zip-store",
	"--model-name m --version -.5 --handler base_handler",
	"--model-name m --version '-1 beta' --handler base_handler",
	"--model-name m --version ' ' --handler base_handler",
	"$m --extra-files '' --serialized-file '' --model-file '' --config-file '' --requirements-file ''",

	// Names and versions.
	"--model-name 'a b' --version 1 --handler base_handler",
	"--model-name ../m --version 1 --handler base_handler",
	"--model-name .m --version 1 --handler base_handler",
	"--model-name ö --version 1 --handler base_handler",
	"--model-name '' --version 1 --handler base_handler",
	"--model-name A-b_c.9 --version 'größe \"1\" </x> 😀' --handler base_handler",
	"--model-name m --version '' --handler base_handler",

	// Formats.
	"$m --serialized-file model.pt --archive-format default",
	"$m --serialized-file model.pt --archive-format zip-store",
	"$m --serialized-file model.pt --archive-format tgz",
	"$m --serialized-file model.pt --archive-format no-archive",
	"$m --archive-format tgz --extra-files extra,more/sub/tool.sh,private/key.txt",
	"$m --archive-format no-archive --extra-files extra,more/sub/tool.sh,private/key.txt",
	"$m --archive-format zip-store --extra-files extra,more/sub/tool.sh,private/key.txt",

	// The destination.
	"$m --export-path out",
	"$m --export-path ./out/../out/",
	"$m --export-path a.txt",
	"--model-name exists --version 1 --handler base_handler",
	"--model-name exists --version 1 --handler base_handler --force",
	"--model-name exists --version 1 --handler base_handler --archive-format zip-store -f",
	"--model-name exists --version 1 --handler base_handler --archive-format tgz",
	"--model-name exists --version 1 --handler base_handler --archive-format tgz -f",
	"--model-name existsdir --version 1 --handler base_handler --archive-format no-archive",
	"--model-name existsdir --version 1 --handler base_handler --archive-format no-archive -f --extra-files a.txt",
	"--model-name extra --version 1 --handler base_handler --archive-format no-archive -f --extra-files extra",
	"--model-name taken --version 1 --handler base_handler",
	"--model-name taken --version 1 --handler base_handler -f",

	// Handlers and runtimes.
	"$b --handler text_classifier",
	"$b --handler image_classifier",
	"$b --handler object_detector --runtime python3",
	"$b --handler image_segmenter",
	"$b --handler dali_image_classifier",
	"$b --handler vllm_handler",
	"$b --handler trt_llm_handler",
	"$b --handler handler",
	"$b --handler handler.py",
	"$b --handler ./handler.py --runtime python3",
	"$b --handler handlers/custom",
	"$b --handler handlers/custom:serve",
	"$b --handler handler:handle",
	"$b --handler missing",
	"$b --handler missing.py",
	"$b --handler base_handler:handle",
	"$b --handler image_classifiers",
	"$b --runtime LSP --handler BaseHandler",
	"$b --runtime LSP --handler TorchScriptHandler --serialized-file model.pt",
	"$b --runtime LSP --handler lib/handler",
	"$b --runtime LSP --handler lib/handler:Handler",
	"$b --runtime LSP --handler lib/handler.so",
	"$b --runtime LSP --handler base_handler",
	"$b --runtime python --handler BaseHandler",

	// The files.
	"$m --serialized-file weights/model.pth --model-file net/model.py",
	"$m --serialized-file ./weights/../weights/model.pth",
	"$m --serialized-file missing.pt",
	"$m --serialized-file weights",
	"$m --model-file missing.py",
	"$m --requirements-file missing.txt",
	"$m --config-file missing.yaml",
	"$m --serialized-file empty",
	"$m --serialized-file model.pt --extra-files model.pt",
	"$b --handler handler.py --model-file model.py --extra-files handler.py,./model.py",

	// Extra files.
	"$m --extra-files a.txt",
	"$m --extra-files a.txt,b.txt,größe.txt",
	"$m --extra-files 'two words.txt'",
	"$m --extra-files a.txt,a.txt",
	"$m --extra-files a.txt,same/a.txt",
	"$m --extra-files a.txt,missing.txt",
	"$m --extra-files 'a.txt,,b.txt,'",
	"$m --extra-files .hidden.txt",
	"$m --extra-files extra",
	"$m --extra-files extra/",
	"$m --extra-files .secret",
	"$m --extra-files bundle,a.txt,numbered",
	"$m --extra-files links/real.txt,links/to-file.txt",
	"$m --extra-files links",
	"$m --extra-files private,more",
	"$m --extra-files more,more/sub/tool.sh",
	"$m --extra-files out,extra/nothing,a.txt",
	"$m --extra-files linkeddir",
	"$m --extra-files nested",
	"$m --extra-files 'back\\slash.txt'",
	"$m --extra-files extra/../more/.",
	"$m --extra-files . --export-path out",
	"$m --extra-files '*.txt'",
	"$m --extra-files 'numbered/shard-?.bin'",
	"$m --extra-files 'numbered/shard-[13-9].bin'",
	"$m --extra-files 'numbered/[!s]*'",
	"$m --extra-files 'numbered/[!0-9]*'",
	"$m --extra-files 'numbered/*'",
	"$m --extra-files 'numbered/.*'",
	"$m --extra-files 'numbered/*-1*.bin,b.txt'",
	"$m --extra-files '*/c.txt'",
	"$m --extra-files 'ext*'",
	"$m --extra-files 'bund*/*'",
	"$m --extra-files 'extra/**/e.txt'",
	"$m --extra-files 'none*.txt'",
	"$m --extra-files 'none*.txt,a.txt'",
	"$m --extra-files 'numbered/[s.bin'",
	"$m --extra-files 'w[[]1].bin'",
}

// sameReal are command lines with real models, load-tested by ours.
var sameReal = []string{
	readme,
	readme + " --archive-format zip-store",
	readme + " --archive-format tgz",
	readme + " --archive-format no-archive",
	readme + " --runtime python3 -fv 2.0",
	"$b --handler ./Transformer_handler_generalized.py --serialized-file Transformer_model/traced_model.pt -c model-config.yaml",
	readmeWith("models/bert-seq-ids-only.pt"),
	readmeWith("models/bert-seq-dict.pt"),
	readmeWith("models/bert-qa.pt"),
	readmeWith("models/bert-token.pt"),
	readmeWith("models/distilbert-seq.pt"),
	readmeWith("models/roberta-seq.pt"),
	readmeWith("models/bart-seq.pt"),
	"$b --handler ./Transformer_handler_generalized.py --serialized-file models/longformer-80.pt --extra-files longformer/setup_config.json",
	"$b --handler image_classifier --serialized-file models/conv.pt",
	"$b --handler base_handler --serialized-file models/scripted.pt",
	"$b --handler base_handler --serialized-file models/frozen.pt",
	"$b --handler base_handler --serialized-file models/quantized.pt",
	"$b --handler base_handler --serialized-file models/float16.pt",
	"$b --handler own_handler.py --serialized-file models/list-input.pt --archive-format tgz",
	"$b --runtime LSP --handler TorchScriptHandler --serialized-file models/scripted.pt",
	"$b --handler base_handler --serialized-file notmodels/state_dict.pt --model-file mlp.py",
	"$b --handler base_handler --serialized-file notmodels/mlp.onnx",
	"$b --handler onnx_handler.py --serialized-file notmodels/mlp.onnx",
	"$b --handler pretrained/handler.py --serialized-file notmodels/state_dict.pt --extra-files pretrained/setup_config.json",
	"$b --handler pretrained/handler.py --extra-files notmodels/mlp.safetensors,pretrained/setup_config.json",
	"$b --handler ./Transformer_handler_generalized.py",
}

const readme = readmeStart + "Transformer_model/traced_model.pt" + readmeEnd

const (
	readmeStart = "--model-name BERTSeqClassification_Torchscript --version 1.0 --serialized-file "
	readmeEnd   = " --handler ./Transformer_handler_generalized.py" +
		" --extra-files ./setup_config.json,./Seq_classification_artifacts/index_to_name.json"
)

// readmeWith is the README's command with another model.
func readmeWith(model string) string { return readmeStart + model + readmeEnd }
